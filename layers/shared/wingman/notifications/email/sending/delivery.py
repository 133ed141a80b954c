"""Delivers one send group: one request under one key, and the outcome of each email."""

import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from wingman.kit.clock import time_left, utc_now, within
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger, measure
from wingman.kit.resilience.retry import Retry, pausing_with
from wingman.notifications.email.dependencies import EMAIL_PROVIDER
from wingman.notifications.email.errors import RenderError
from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.letters.rendering import Reader, Renderer
from wingman.notifications.email.models import ClaimedEmail, EmailResult, Outcome
from wingman.notifications.email.sending import rules
from wingman.notifications.email.sending.bucket import Bucket
from wingman.notifications.email.sending.provider import (
    TIMEOUT_SECONDS,
    BatchReply,
    EmailProvider,
    OutgoingEmail,
)
from wingman.notifications.email.sending.repository import Outbox
from wingman.notifications.email.sending.rules import Reply
from wingman.notifications.models import Priority

# A request starts only if it can finish and its outcome be recorded in the time left.
SECONDS_PER_REQUEST = TIMEOUT_SECONDS + 3.0
# Excludes characters that could start a second address or a header.
_ONE_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f<>()\[\]@,;:\"\\]+@[^\s\x00-\x1f\x7f<>()@,;:\"\\]+")
# The provider's adapter calls the breaker itself: it returns failures as replies, and raises none.
with_email_retry = Retry(
    3,
    EMAIL_PROVIDER.name,
    first_wait=0.8,
    longest_wait=5.0,
    patience=60.0,
    idempotent=True,
    attempt_seconds=SECONDS_PER_REQUEST,
)
# Replies that prove that the provider accepted nothing under the key.
_CERTAINLY_NOT_TAKEN = {Reply.RATE_LIMITED, Reply.UNREACHABLE, Reply.LEFT_ALONE}


ActiveHours = Callable[[Collection[UUID]], Mapping[UUID, Sequence[int]]]
"""Returns how often users were active in each hour of the day (UTC), if known."""


def no_activity(_: Collection[UUID]) -> Mapping[UUID, Sequence[int]]:
    return {}


@dataclass(frozen=True)
class Sender:
    outbox: Outbox
    provider: EmailProvider
    bucket: Bucket
    renderer: Renderer
    lease_seconds: int = 60
    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    active_hours: ActiveHours = no_activity


@dataclass(frozen=True)
class Lease:
    """The right to send some emails until `ends_at` (monotonic seconds)."""

    token: UUID
    ends_at: float

    def patience(self) -> float:
        """Return how many seconds a request may wait and still finish within all limits."""
        left = min(self.ends_at - time.monotonic(), time_left())
        return max(left - SECONDS_PER_REQUEST, 0.0)


@dataclass(frozen=True)
class Draft:
    email: ClaimedEmail
    message: OutgoingEmail


@dataclass(frozen=True)
class SendGroup:
    """Emails that leave together; `untried` until a request for them has been sent."""

    id: UUID
    drafts: Sequence[Draft]
    untried: bool

    @property
    def lane(self) -> Priority:
        return self.drafts[0].email.priority

    @property
    def idempotency_key(self) -> str:
        """Return the key, which the provider remembers for 24 h."""
        return f"send/{self.id}"


def write(sender: Sender, email: ClaimedEmail, content: Content) -> Draft:
    if not _ONE_ADDRESS.fullmatch(email.recipient_email):
        raise RenderError("the recipient is not exactly one valid address")
    reader = Reader(email.user_id, email.recipient_first_name, email.timezone)
    rendered = sender.renderer.render(content, reader, email.category)
    message = OutgoingEmail(
        email_id=email.id,
        template=content.template,
        sender=sender.renderer.brand.sender,
        recipient=email.recipient_email,
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        unsubscribe_url=rendered.unsubscribe_url,
    )
    return Draft(email, message)


def deliver(sender: Sender, lease: Lease, group: SendGroup) -> Reply:
    """Send one group and record each outcome; the next worker repeats a group after a crash."""
    reply, untaken = _request(sender, lease, group)
    _pause(sender, group, reply)
    results = _results(sender, group, reply, untaken=untaken)
    record(sender, lease.token, results)
    _measure(sender, group, results)
    facts = {
        "send_group": str(group.id),
        "count": len(results),
        "error": reply.error,
        "caused_by": causes(draft.email for draft in group.drafts),
    }
    logger().info(f"emails.{reply.reply}", extra=facts)
    return reply.reply


def causes(emails: Iterable[ClaimedEmail]) -> list[str]:
    """Return the ids of the requests that recorded these emails."""
    return [*dict.fromkeys(email.request_id for email in emails if email.request_id)]


def await_slot(sender: Sender, lane: Priority, patience: float) -> bool:
    """Wait for a slot below the provider's limit; False if there is none within `patience`."""
    while True:
        slot = sender.bucket.reserve(lane, patience)
        if slot.seconds > patience:
            return False
        if slot.seconds > 0:
            sender.sleep(slot.seconds)
        if slot.granted:
            return True
        patience -= slot.seconds


def record(sender: Sender, token: UUID, results: Sequence[EmailResult]) -> None:
    """Record outcomes under the lease; emails that it has lost belong to the next holder."""
    changed = sender.outbox.complete(token, results)
    if changed < len(results):
        logger().warning("emails.lease_lost", extra={"count": len(results) - changed})


class _Undelivered(DependencyUnavailable):
    """The provider gave a reply after which a retry usually succeeds."""

    def __init__(self, reply: BatchReply) -> None:
        wait = reply.retry_after.total_seconds() if reply.retry_after else None
        super().__init__(EMAIL_PROVIDER.name, asked_to_wait=wait)
        self.reply = reply


def _request(sender: Sender, lease: Lease, group: SendGroup) -> tuple[BatchReply, bool]:
    """Retry until the reply is final or time runs out; also return whether the group is untaken.

    If the breaker stops the retries of a failed request, that failure is the reply: an email that
    makes the provider fail must not be retried as if it had only waited.
    """
    messages = [draft.message for draft in group.drafts]
    untaken, met = group.untried, None

    def attempt() -> BatchReply:
        nonlocal untaken, met
        untaken = untaken and (met is None or met.reply in _CERTAINLY_NOT_TAKEN)
        if not await_slot(sender, group.lane, lease.patience()):
            return met or BatchReply(Reply.RATE_LIMITED, error="no room below the limit")
        reply = sender.provider.send_batch(messages, group.idempotency_key)
        _learn(sender, reply)
        if met is None or reply.reply is not Reply.LEFT_ALONE:
            met = reply
        if rules.passes(reply.reply):
            raise _Undelivered(met)
        return reply

    try:
        with within(lease.ends_at - time.monotonic()), pausing_with(sender.sleep):
            return with_email_retry.run(attempt), untaken
    except _Undelivered as error:
        return error.reply, untaken


def _learn(sender: Sender, reply: BatchReply) -> None:
    refused = reply.reply is Reply.RATE_LIMITED
    asked = reply.retry_after or timedelta(seconds=1)
    sender.bucket.learn(per_second=reply.limit, hold=asked.total_seconds() if refused else 0.0)


def _pause(sender: Sender, group: SendGroup, reply: BatchReply) -> None:
    """Pause lanes that the reply blocks; best effort, as the next sender gets the same reply."""
    pause = rules.pause(reply.reply, group.lane, reply.retry_after)
    if pause is None:
        return
    reason = reply.error or reply.reply
    logger().error("emails.paused", extra={"lanes": pause.lanes, "reason": reason})
    sender.outbox.pause(pause.lanes, sender.now() + pause.length, reason)


def _measure(sender: Sender, group: SendGroup, results: Sequence[EmailResult]) -> None:
    """Write metrics: how long the accepted emails had been due, and how many were rejected."""
    now, lane = sender.now(), str(group.lane)
    due = {draft.email.id: draft.email.due_at or now for draft in group.drafts}
    sent = [result.id for result in results if result.outcome is Outcome.SENT]
    waits = [(now - due[one]) / timedelta(milliseconds=1) for one in sent]
    measure("EmailAcceptLatency", [max(wait, 0.0) for wait in waits], "Milliseconds", lane=lane)
    failed = sum(result.outcome is Outcome.FAILED for result in results)
    measure("EmailAccepted", [len(sent)] if sent else [], "Count", lane=lane)
    measure("EmailRejected", [failed] if failed else [], "Count", lane=lane)


def _results(
    sender: Sender, group: SendGroup, reply: BatchReply, *, untaken: bool
) -> list[EmailResult]:
    if reply.reply is Reply.ACCEPTED:
        return [_accepted(draft, at, reply) for at, draft in enumerate(group.drafts)]
    settlement = rules.settle(
        reply.reply,
        untaken=untaken,
        alone=len(group.drafts) == 1,
        retry_count=max(draft.email.retry_count for draft in group.drafts),
        retry_after=reply.retry_after,
    )
    now = sender.now()
    return [
        EmailResult(
            id=draft.email.id,
            outcome=settlement.outcome,
            subject=draft.message.subject,
            error=reply.error or reply.reply,
            retry_at=now + settlement.wait if settlement.wait is not None else None,
            keep_group=settlement.keep_group,
            counts=settlement.counts,
        )
        for draft in group.drafts
    ]


def _accepted(draft: Draft, position: int, reply: BatchReply) -> EmailResult:
    error = reply.rejections.get(position)
    if error is not None:
        facts = {"email_id": str(draft.email.id), "caused_by": causes([draft.email])}
        logger().warning("emails.rejected", extra=facts)
        return EmailResult(id=draft.email.id, outcome=Outcome.FAILED, error=error)
    return EmailResult(
        id=draft.email.id,
        outcome=Outcome.SENT,
        subject=draft.message.subject,
        resend_message_id=reply.message_ids.get(position),
    )
