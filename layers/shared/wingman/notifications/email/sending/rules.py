"""What happens to a claimed mail, decided from facts alone."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.models import ClaimedEmail, Outcome
from wingman.notifications.email.sending.timing import Delay, Departure, ReaderClock, departure
from wingman.notifications.email.timezones import zone_of
from wingman.notifications.models import Priority

FIRST_RETRY = timedelta(minutes=1)

_LONGEST_RETRY = timedelta(hours=4)
_QUOTA_PAUSE = timedelta(hours=1)
_REFUSAL_PAUSE = timedelta(minutes=5)
# As long as a burst of messages takes to find out that there is nothing to do.
_OUTAGE_PAUSE = timedelta(seconds=5)
_SHORTEST_WAIT = timedelta(seconds=1)
# Due whatever the difference between our clock and the database's.
_AT_ONCE = timedelta(seconds=-5)


class SkipReason(StrEnum):
    """Why a mail is not sent although it could be."""

    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"
    PREFERENCE_OFF = "preference_off"
    SUPERSEDED = "superseded"
    NO_LONGER_USEFUL = "no_longer_useful"


class Reply(StrEnum):
    """What the provider's answer means for the request as a whole."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REFUSED = "refused"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXHAUSTED = "quota_exhausted"
    UNREACHABLE = "unreachable"
    LEFT_ALONE = "left_alone"
    IN_PROGRESS = "in_progress"
    UNKNOWN = "unknown"
    KEY_CONFLICT = "key_conflict"


@dataclass(frozen=True)
class Settlement:
    """What a group of mails becomes after a reply that accepted none of them."""

    outcome: Outcome
    keep_group: bool
    counts: bool
    wait: timedelta | None


@dataclass(frozen=True)
class Pause:
    """Lanes in which nothing is sent for a while."""

    lanes: Sequence[Priority]
    length: timedelta


def skip_reason(email: ClaimedEmail, content: Content, now: datetime) -> SkipReason | None:
    """Say why this mail must not go out any more, or None: it goes.

    Decided before every attempt. After the first, the provider may already have it; it is left out
    all the same, because a "no" holds at once.
    """
    if not email.recipient_email:
        return SkipReason.NO_ADDRESS
    if email.suppressed:
        return SkipReason.SUPPRESSED
    if not email.wanted:
        return SkipReason.PREFERENCE_OFF
    if not email.holds:
        return SkipReason.SUPERSEDED
    ends = content.useful_until(email.created_at)
    return SkipReason.NO_LONGER_USEFUL if ends <= now else None


def when(
    email: ClaimedEmail,
    now: datetime,
    *,
    just_chosen: int = 0,
    active_hours: Sequence[int] | None = None,
) -> Departure:
    """Say when a mail that goes at all may go: now, unless it can wait and its reader rests.

    `just_chosen`: mails to the same reader that were let go a moment ago. `active_hours`: how
    often the reader was seen in each hour of the day (UTC), where that is known.
    """
    if email.priority is not Priority.BULK:
        return Departure(now)
    clock = ReaderClock(
        zone_of(email.timezone),
        email.quiet_hours_start,
        email.quiet_hours_end,
        handed_over=(*email.handed_over, *[now] * just_chosen),
        active_hours=active_hours,
        has_waited=email.last_error in set(Delay),
    )
    return departure(clock, now)


def outcome_of(reason: SkipReason) -> Outcome:
    """Say how a mail that is not sent for `reason` is recorded."""
    return Outcome.SUPPRESSED if reason is SkipReason.SUPPRESSED else Outcome.SKIPPED


def settle(
    reply: Reply,
    *,
    untaken: bool,
    alone: bool,
    retry_count: int,
    retry_after: timedelta | None,
) -> Settlement:
    """Decide what follows a reply that is not an acceptance.

    `untaken`: no earlier attempt under this key is unaccounted for. Only then, and only after a
    reply by which the provider certainly took nothing, the group may be released; otherwise the
    identical request must be repeated. `alone`: the group is a single mail.
    """
    if reply is Reply.KEY_CONFLICT:
        return Settlement(Outcome.UNKNOWN, keep_group=True, counts=True, wait=None)
    if reply is Reply.REJECTED:
        return _rejected(untaken=untaken, alone=alone)
    if reply in _PAUSING:
        wait = _SHORTEST_WAIT  # the pause of the lane is what they wait for
    elif reply in _ONLY_WAITING:
        wait = retry_after or _SHORTEST_WAIT
    else:
        wait = backoff(retry_count)
    return Settlement(
        Outcome.RETRY,
        keep_group=not untaken or reply in _MAYBE_TAKEN,
        counts=reply not in _ONLY_WAITING,
        wait=wait,
    )


def pause(reply: Reply, lane: Priority, retry_after: timedelta | None) -> Pause | None:
    """Say whether a reply means that asking again soon is pointless, whatever the mail.

    A quota is used up by the lane that asks for more. A wrong key or domain concerns both lanes;
    it is tried again after minutes, so that mail flows soon after somebody mended it. Behind an
    open breaker both lanes rest only until it is worth asking whether the provider is back.
    """
    if reply is Reply.QUOTA_EXHAUSTED:
        return Pause([lane], max(retry_after or _QUOTA_PAUSE, _QUOTA_PAUSE))
    if reply is Reply.REFUSED:
        return Pause(list(Priority), _REFUSAL_PAUSE)
    if reply is Reply.LEFT_ALONE:
        return Pause(list(Priority), _OUTAGE_PAUSE)
    return None


def _rejected(*, untaken: bool, alone: bool) -> Settlement:
    if not untaken:
        return Settlement(Outcome.UNKNOWN, keep_group=True, counts=True, wait=None)
    if alone:
        return Settlement(Outcome.FAILED, keep_group=False, counts=True, wait=None)
    # One of them spoiled the request: each is tried again by itself, and at once.
    return Settlement(Outcome.RETRY, keep_group=False, counts=False, wait=_AT_ONCE)


def backoff(retry_count: int) -> timedelta:
    """Wait before the next attempt: up to 1 min, doubling, full jitter.

    See "Exponential Backoff And Jitter" in the AWS Architecture Blog.
    """
    doublings = min(max(retry_count, 0), 16)
    ceiling = min(FIRST_RETRY * 2**doublings, _LONGEST_RETRY)
    jittered: timedelta = ceiling * random.random()  # noqa: S311 - spreads load, guards nothing
    return max(jittered, _SHORTEST_WAIT)


def passes(reply: Reply) -> bool:
    """Say whether a reply usually is another one seconds later.

    A lost answer or a full bucket is; a mail should not wait for the next sweep because of it.
    """
    return reply in _PASSING


_MAYBE_TAKEN = {Reply.UNKNOWN, Reply.IN_PROGRESS}
# Nothing is wrong with the mail: such a reply never brings it nearer to the dead letters.
_PAUSING = {Reply.QUOTA_EXHAUSTED, Reply.REFUSED, Reply.LEFT_ALONE}
_ONLY_WAITING = {Reply.RATE_LIMITED, Reply.IN_PROGRESS, *_PAUSING}
_PASSING = {
    Reply.UNKNOWN,
    Reply.UNREACHABLE,
    Reply.LEFT_ALONE,
    Reply.IN_PROGRESS,
    Reply.RATE_LIMITED,
}
