"""Sends each push at least once; a repeat replaces the first on the device, by its tag.

A push is claimed under a lease with the facts as they are now. If the worker dies before the
outcome is recorded, the next one sends again to the devices that were not recorded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from wingman.kit.clock import time_left, utc_now
from wingman.kit.observability import logger, measure
from wingman.kit.settings import load
from wingman.notifications.email.errors import RenderError
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.letters.kinds import content
from wingman.notifications.email.letters.rendering import line_of
from wingman.notifications.email.letters.settings import BrandSettings
from wingman.notifications.push import rules
from wingman.notifications.push.messages import body_of, message
from wingman.notifications.push.models import (
    Claim,
    ClaimedPush,
    DeadToken,
    Outcome,
    PushResult,
    Target,
)
from wingman.notifications.push.provider import TIMEOUT_SECONDS, PushProvider, provider
from wingman.notifications.push.repository import Pushes, pushes
from wingman.notifications.push.rules import Reply, SkipReason
from wingman.notifications.push.settings import PushSettings

BATCH = 20
LEASE_SECONDS = 60
"""Longer than the function's timeout."""
# A refused access token is asked for again, so a device may take four requests.
_SECONDS_PER_DEVICE = 2 * TIMEOUT_SECONDS
_RECORDING_SECONDS = 3.0


@dataclass(frozen=True)
class Sender:
    """The collaborators of sending; `provider` is None where push is off."""

    pushes: Pushes
    provider: PushProvider | None
    brand: Brand
    app_url: str
    now: Callable[[], datetime] = utc_now


@dataclass
class _Batch:
    """The outcome of the pushes of one claim, until it is recorded."""

    results: list[PushResult] = field(default_factory=list)
    dead: list[DeadToken] = field(default_factory=list)
    pause: timedelta | None = None
    reason: str | None = None


@cache
def sender() -> Sender:
    settings, brand = load(PushSettings), load(BrandSettings)
    return Sender(
        pushes(),
        provider() if settings.enable_push else None,
        brand.brand,
        brand.app_url,
    )


def send(sender: Sender, ids: Sequence[UUID]) -> None:
    """Send at least as many pushes as there are ids, the longest due first.

    The ids only hint that something is due. Raises DependencyUnavailable when the database is
    unavailable; what was claimed is then due again once the lease has ended.
    """
    left = len(ids)
    while left > 0:
        claim = sender.pushes.claim(BATCH, LEASE_SECONDS)
        if not claim.pushes:
            return
        left -= len(claim.pushes)
        if _send_claimed(sender, claim).pause or (left > 0 and not _has_time()):
            return  # still due: the sweep enqueues them again


def _send_claimed(sender: Sender, claim: Claim) -> _Batch:
    batch = _Batch()
    for push in claim.pushes:
        batch.results.append(_settled(sender, batch, push))
    if batch.pause is not None:
        logger().error("pushes.paused", extra={"reason": batch.reason})
        sender.pushes.pause(sender.now() + batch.pause, batch.reason or "")
    changed = sender.pushes.complete(claim.lease_token, batch.results, batch.dead)
    if changed < len(batch.results):
        logger().warning("pushes.lease_lost", extra={"count": len(batch.results) - changed})
    sent = sum(one.outcome is Outcome.SENT for one in batch.results)
    measure("PushSent", [sent] if sent else [], "Count")
    return batch


def _settled(sender: Sender, batch: _Batch, push: ClaimedPush) -> PushResult:
    now = sender.now()
    try:
        written = content(push.kind, push.facts)
        line = line_of(written, sender.brand, push.timezone)
    except RenderError as error:
        logger().error("pushes.failed", extra=_facts(push) | {"error": str(error)})
        return PushResult(id=push.id, outcome=Outcome.FAILED, reason=str(error))
    reason = rules.skip_reason(push, written, now)
    if sender.provider is None:
        reason = SkipReason.PUSH_IS_OFF
    if reason is not None:
        logger().info("pushes.skipped", extra=_facts(push) | {"reason": reason})
        return PushResult(id=push.id, outcome=Outcome.SKIPPED, reason=reason)
    leaves = rules.when(push, now)
    if leaves.delay is not None:
        return _again(push, leaves.at, leaves.delay)
    return _deliver(sender, batch, push, written, body_of(line, written, previews=push.previews))


def _facts(push: ClaimedPush) -> dict[str, object]:
    return {"push_id": str(push.id), "caused_by": [push.request_id] if push.request_id else []}


def _deliver(
    sender: Sender, batch: _Batch, push: ClaimedPush, written: Content, body: str
) -> PushResult:
    """Send to each device in turn; one that fails does not stop the others."""
    reached, errors, waits = list[UUID](), list[str](), False
    for target in push.devices:
        if batch.pause is not None or not _has_time():
            waits = True
            break
        reply, error = _send_one(sender, batch, push, written, target, body)
        if reply is Reply.SENT:
            reached.append(target.id)
        elif reply is Reply.UNREGISTERED:
            dead = DeadToken(user_id=push.user_id, device_id=target.id, token=target.token)
            batch.dead.append(dead)
        elif reply is Reply.REJECTED:
            errors.append(error)
        else:
            waits = True
            errors.append(error)
    return _result(sender, batch, push, tuple(reached), errors, waits=waits)


def _send_one(
    sender: Sender, batch: _Batch, push: ClaimedPush, written: Content, target: Target, body: str
) -> tuple[Reply, str]:
    assert sender.provider is not None  # noqa: S101 - _settled has skipped the push otherwise
    until, now = rules.useful_until(push, written), sender.now()
    link = f"{sender.app_url}{written.path}"
    text = message(
        push, target, title=sender.brand.name, body=body, link=link, until=until, now=now
    )
    answer = sender.provider.send(text)
    batch.pause = rules.pause(answer.reply, answer.retry_after)
    batch.reason = answer.error
    facts = _facts(push) | {"platform": target.platform, "error": answer.error}
    logger().info(f"pushes.{answer.reply}", extra=facts)
    return answer.reply, answer.error or ""


def _result(
    sender: Sender,
    batch: _Batch,
    push: ClaimedPush,
    reached: tuple[UUID, ...],
    errors: Sequence[str],
    *,
    waits: bool,
) -> PushResult:
    reason = errors[0] if errors else None
    if waits:
        counts = bool(errors) and batch.pause is None
        wait = batch.pause or rules.backoff(push.retry_count)
        return _again(push, sender.now() + wait, reason, counts=counts, sent_to=reached)
    if reached or push.has_been_sent:
        outcome = Outcome.SENT
    elif errors:
        outcome = Outcome.FAILED
    else:
        outcome, reason = Outcome.SKIPPED, SkipReason.NO_DEVICE
    return PushResult(id=push.id, outcome=outcome, reason=reason, sent_to=reached)


def _again(
    push: ClaimedPush,
    at: datetime,
    reason: str | None,
    *,
    counts: bool = False,
    sent_to: tuple[UUID, ...] = (),
) -> PushResult:
    return PushResult(
        id=push.id,
        outcome=Outcome.RETRY,
        reason=reason,
        retry_at=at,
        counts=counts,
        sent_to=sent_to,
    )


def _has_time() -> bool:
    return time_left() > _SECONDS_PER_DEVICE + _RECORDING_SECONDS
