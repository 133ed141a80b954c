"""Sends each email exactly once, even if a worker crashes on the way.

An email is claimed under a lease, bound with others into a send group, and sent in one request
whose idempotency key is that group. If the worker dies or the answer is lost, the next worker
repeats the identical request, and the provider answers with its first result.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from uuid import UUID

from wingman.kit.clock import time_left
from wingman.kit.observability import logger
from wingman.kit.presence.activity import activity
from wingman.kit.settings import load
from wingman.notifications.email.errors import RenderError
from wingman.notifications.email.letters.contents import Also
from wingman.notifications.email.letters.kinds import content_of
from wingman.notifications.email.letters.links import Links
from wingman.notifications.email.letters.rendering import Renderer
from wingman.notifications.email.models import ClaimedEmail, EmailResult, Outcome
from wingman.notifications.email.sending import rules
from wingman.notifications.email.sending.bucket import bucket
from wingman.notifications.email.sending.delivery import (
    SECONDS_PER_REQUEST,
    Draft,
    Lease,
    Sender,
    SendGroup,
    causes,
    deliver,
    record,
    write,
)
from wingman.notifications.email.sending.provider import provider
from wingman.notifications.email.sending.repository import outbox
from wingman.notifications.email.sending.rules import Reply, SkipReason
from wingman.notifications.email.sending.settings import EmailSettings
from wingman.notifications.email.sending.timing import Departure
from wingman.notifications.models import MAX_BATCH, Priority

# Ids of a message that are used to look up its lane; several, as accounts may be deleted.
_HINTS = 10


@cache
def sender() -> Sender:
    settings = load(EmailSettings)
    links = Links(settings.api_url, settings.email_link_secret.get_secret_value())
    renderer = Renderer(settings.brand, settings.app_url, links)
    return Sender(
        outbox(),
        provider(),
        bucket(),
        renderer,
        settings.email_lease_seconds,
        active_hours=activity().hours,
    )


def send(sender: Sender, email_ids: Sequence[UUID]) -> None:
    """Send at least as many emails as there are ids, from the same lane, the longest due first.

    A message only hints that its lane has emails. Each request to the provider is therefore as
    full as the lane allows, and an email whose message was lost leaves with the others.
    Raises DependencyUnavailable when the outbox is unavailable. Nothing is lost then: the lease
    expires, and the group it held is sent again under the same key.
    """
    wanted = len(email_ids)
    while wanted > 0:
        lease, claimed = _claim(sender, email_ids[:_HINTS], MAX_BATCH)
        if not claimed:
            return
        wanted -= _send_claimed(sender, lease, claimed)
        if wanted > 0 and time_left() < SECONDS_PER_REQUEST:
            logger().warning("emails.out_of_time", extra={"left": wanted})
            return  # still due: the sweep enqueues them again


def _claim(
    sender: Sender, ids: Sequence[UUID], limit: int | None = None
) -> tuple[Lease, list[ClaimedEmail]]:
    ends_at = time.monotonic() + sender.lease_seconds
    claimed = sender.outbox.claim(ids, sender.lease_seconds, limit)
    return Lease(claimed[0].lease_token if claimed else UUID(int=0), ends_at), claimed


def _send_claimed(sender: Sender, lease: Lease, claimed: Sequence[ClaimedEmail]) -> int:
    """Send what one claim returned; return how many emails in it were new, not repeated."""
    for at, (group, members) in enumerate(groupby(claimed, key=lambda email: email.send_group)):
        if at and time_left() < SECONDS_PER_REQUEST:
            break  # still leased: claimed again when the lease ends
        emails = list(members)
        if group is None:
            _send_fresh(sender, lease, emails)
        else:
            _send_again(sender, lease, group, emails)
    return sum(email.send_group is None for email in claimed)


def _send_again(sender: Sender, lease: Lease, group: UUID, emails: Sequence[ClaimedEmail]) -> None:
    """Repeat a request whose outcome was not recorded: the same emails in the same order.

    Those no longer wanted or true are left out, which is safe under the same key: a provider that
    took the first request refuses this one.
    """
    now = sender.now()
    drafts, skipped = list[Draft](), list[EmailResult]()
    try:
        for email in emails:
            content = content_of(email)
            reason = rules.skip_reason(email, content, now)
            if reason is None:
                drafts.append(write(sender, email, content))
            else:
                skipped.append(_skipped(email, reason))
    except RenderError as error:
        # It was rendered once, so the provider may have it: do not record it as failed.
        record(sender, lease.token, [_later(sender, email, str(error)) for email in emails])
        return
    if skipped:
        record(sender, lease.token, skipped)
    if drafts:
        deliver(sender, lease, SendGroup(group, drafts, untried=False))


def _send_fresh(sender: Sender, lease: Lease, emails: Sequence[ClaimedEmail]) -> None:
    """Decide about each email, and send those that may go as one group."""
    verdicts = _decided(sender, emails)
    settled = [verdict for verdict in verdicts if isinstance(verdict, EmailResult)]
    drafts = {verdict.email.id: verdict for verdict in verdicts if isinstance(verdict, Draft)}
    if settled:
        record(sender, lease.token, settled)
    _collect(sender, lease, drafts)
    if not drafts:
        return
    addresses = {one: draft.message.recipient for one, draft in drafts.items()}
    formed = sender.outbox.form_send_group(lease.token, addresses)
    if formed is None:
        logger().warning("emails.lease_lost", extra={"count": len(drafts)})
        return
    group = SendGroup(formed.id, [drafts[one] for one in formed.email_ids], untried=True)
    if deliver(sender, lease, group) is Reply.REJECTED and len(formed.email_ids) > 1:
        _send_halves(sender, formed.email_ids)


def _collect(sender: Sender, lease: Lease, drafts: dict[UUID, Draft]) -> None:
    """Put a reader's drafts of one day into the first; that is stored, so repeats are identical."""
    readers = defaultdict[UUID, list[Draft]](list)
    for draft in drafts.values():
        if rules.is_collected(draft.email):
            readers[draft.email.user_id].append(draft)
    for first, *others in readers.values():
        if not others:
            continue
        also = [*content_of(first.email).also, *(one for each in others for one in _also(each))]
        ids = [each.email.id for each in others]
        collected = sender.outbox.collect(lease.token, first.email.id, ids, also)
        for one in ids:
            del drafts[one]
        if collected:
            facts = first.email.template_data | {"also": [one.model_dump() for one in also]}
            email = first.email.model_copy(update={"template_data": facts})
            drafts[email.id] = write(sender, email, content_of(email))
            logger().info("emails.collected", extra={"count": len(ids)})
        else:  # the next claim decides
            del drafts[first.email.id]


def _also(draft: Draft) -> Sequence[Also]:
    content = content_of(draft.email)
    return [Also(subject=draft.message.subject, path=content.path), *content.also]


def _send_halves(sender: Sender, ids: Sequence[UUID]) -> None:
    """Bisect a rejected request, so that only the email that caused it fails."""
    middle = len(ids) // 2
    for half in (ids[:middle], ids[middle:]):
        if time_left() < SECONDS_PER_REQUEST:
            return  # already released: the sweep enqueues them again
        lease, claimed = _claim(sender, half)
        _send_claimed(sender, lease, claimed)


def _decided(sender: Sender, emails: Sequence[ClaimedEmail]) -> list[Draft | EmailResult]:
    """Decide one by one: each email to a reader counts towards the daily cap of the next."""
    waiting = {email.user_id for email in emails if email.priority is Priority.BULK}
    seen = sender.active_hours(waiting) if waiting else {}
    chosen = Counter[UUID]()
    verdicts: list[Draft | EmailResult] = []
    for email in emails:
        verdict = _decide(sender, email, chosen[email.user_id], seen.get(email.user_id))
        # Emails that are sent together count as one.
        chosen[email.user_id] += isinstance(verdict, Draft) and not rules.is_collected(email)
        verdicts.append(verdict)
    return verdicts


def _decide(
    sender: Sender, email: ClaimedEmail, just_chosen: int, active_hours: Sequence[int] | None
) -> Draft | EmailResult:
    now = sender.now()
    try:
        content = content_of(email)
        reason = rules.skip_reason(email, content, now)
        if reason is not None:
            return _skipped(email, reason)
        hours = active_hours if rules.may_wait_for_hour(email, content) else None
        leaves = rules.when(
            email,
            now,
            just_chosen=just_chosen,
            active_hours=hours,
            useful_until=content.useful_until(email.created_at),
        )
        return write(sender, email, content) if leaves.delay is None else _moved(email, leaves)
    except RenderError as error:
        logger().error("emails.failed", extra=_facts(email) | {"error": str(error)})
        return EmailResult(id=email.id, outcome=Outcome.FAILED, error=str(error))


def _facts(email: ClaimedEmail) -> dict[str, object]:
    return {"email_id": str(email.id), "caused_by": causes([email])}


def _skipped(email: ClaimedEmail, reason: SkipReason) -> EmailResult:
    logger().info("emails.skipped", extra=_facts(email) | {"reason": reason})
    return EmailResult(id=email.id, outcome=rules.outcome_of(reason), error=reason)


def _moved(email: ClaimedEmail, leaves: Departure) -> EmailResult:
    logger().info("emails.moved", extra=_facts(email) | {"reason": leaves.delay})
    return EmailResult(
        id=email.id,
        outcome=Outcome.RETRY,
        error=leaves.delay,
        retry_at=leaves.at,
        counts=False,
        postponed=True,
    )


def _later(sender: Sender, email: ClaimedEmail, error: str) -> EmailResult:
    return EmailResult(
        id=email.id,
        outcome=Outcome.RETRY,
        error=error,
        retry_at=sender.now() + rules.backoff(email.retry_count),
        keep_group=True,
    )
