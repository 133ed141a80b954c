"""Pure rules that decide what happens to a claimed email."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.models import ClaimedEmail, Frequency, Outcome
from wingman.notifications.email.sending.timing import (
    Delay,
    Departure,
    ReaderClock,
    daily,
    departure,
)
from wingman.notifications.email.timezones import zone_of
from wingman.notifications.models import Priority

FIRST_RETRY = timedelta(minutes=1)

_LONGEST_RETRY = timedelta(hours=4)
_QUOTA_PAUSE = timedelta(hours=1)
_REFUSAL_PAUSE = timedelta(minutes=5)
# Long enough for a burst of messages to drain without a claim.
_OUTAGE_PAUSE = timedelta(seconds=5)
_SHORTEST_WAIT = timedelta(seconds=1)
# An invitation closes after two days, too soon to wait a day for the reader's favourite hour.
_SHORT_LIFE = timedelta(days=3)
# In the past, so that a difference between our clock and the database's does not matter.
_AT_ONCE = timedelta(seconds=-5)


class SkipReason(StrEnum):
    """The reason for which an email is not sent."""

    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"
    PREFERENCE_OFF = "preference_off"
    SUPERSEDED = "superseded"
    NO_LONGER_USEFUL = "no_longer_useful"


class Reply(StrEnum):
    """The meaning of the provider's answer for the request as a whole."""

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
    """The outcome for each email of a group after a reply that accepted none."""

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
    """Return the reason not to send this email, or None if it may be sent.

    Checked before every attempt. After the first attempt the provider may already have the email;
    it is left out all the same, because an opt-out takes effect at once.
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
    useful_until: datetime | None = None,
) -> Departure:
    """Return when an email may leave: now, unless its reader's rules delay a bulk email.

    `just_chosen`: emails to the same reader already chosen in this run. `active_hours`: how often
    the reader was active in each hour of the day (UTC), if known. An email that would no longer be
    useful (`useful_until`) does not wait for the one email of the day.
    """
    if not email.can_wait:
        return Departure(now)
    clock = ReaderClock(
        zone_of(email.timezone),
        email.quiet_hours_start,
        email.quiet_hours_end,
        handed_over=(*email.handed_over, *[now] * just_chosen),
        active_hours=active_hours,
        has_waited=email.last_error in set(Delay),
    )
    if is_collected(email) and not _was_postponed(email):
        leaves = daily(clock, now)
        if useful_until is None or leaves.at < useful_until:
            return leaves
    return departure(clock, now)


def is_collected(email: ClaimedEmail) -> bool:
    """Return whether an email is sent together with others, once a day."""
    return email.can_wait and email.email_frequency is Frequency.DAILY


def _was_postponed(email: ClaimedEmail) -> bool:
    return email.due_at is not None and email.due_at > email.created_at


def may_wait_for_hour(email: ClaimedEmail, content: Content) -> bool:
    """Return whether an email is useful long enough to wait for its reader's favourite hour."""
    return content.useful_until(email.created_at) - email.created_at > _SHORT_LIFE


def outcome_of(reason: SkipReason) -> Outcome:
    return Outcome.SUPPRESSED if reason is SkipReason.SUPPRESSED else Outcome.SKIPPED


def settle(
    reply: Reply,
    *,
    untaken: bool,
    alone: bool,
    retry_count: int,
    retry_after: timedelta | None,
) -> Settlement:
    """Decide what follows a reply other than an acceptance.

    `untaken`: no earlier attempt under this key can have been accepted. Only then, and only if
    this reply also proves that nothing was accepted, may the group be released; otherwise the
    identical request must be repeated. `alone`: the group is a single email.
    """
    if reply is Reply.KEY_CONFLICT:
        return Settlement(Outcome.UNKNOWN, keep_group=True, counts=True, wait=None)
    if reply is Reply.REJECTED:
        return _rejected(untaken=untaken, alone=alone)
    if reply in _PAUSING:
        wait = _SHORTEST_WAIT  # the pause of the lane delays them anyway
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
    """Return the pause that a reply calls for, if no email could be sent soon.

    An exhausted quota pauses the lane that met it. A wrong key or domain pauses both lanes for a
    few minutes, so that emails flow again soon after the fix. An open breaker pauses both lanes
    only until the next probe of the provider.
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
    # One email caused the rejection: smaller requests are tried at once.
    return Settlement(Outcome.RETRY, keep_group=False, counts=False, wait=_AT_ONCE)


def backoff(retry_count: int) -> timedelta:
    """Return the wait before the next attempt: up to 1 min, doubling, with full jitter."""
    doublings = min(max(retry_count, 0), 16)
    ceiling = min(FIRST_RETRY * 2**doublings, _LONGEST_RETRY)
    jittered: timedelta = ceiling * random.random()  # noqa: S311 - spreads load, guards nothing
    return max(jittered, _SHORTEST_WAIT)


def passes(reply: Reply) -> bool:
    """Return whether a retry within seconds usually succeeds, without waiting for a sweep."""
    return reply in _PASSING


_MAYBE_TAKEN = {Reply.UNKNOWN, Reply.IN_PROGRESS}
# These replies say nothing about the email, so they do not count as attempts.
_PAUSING = {Reply.QUOTA_EXHAUSTED, Reply.REFUSED, Reply.LEFT_ALONE}
_ONLY_WAITING = {Reply.RATE_LIMITED, Reply.IN_PROGRESS, *_PAUSING}
_PASSING = {
    Reply.UNKNOWN,
    Reply.UNREACHABLE,
    Reply.LEFT_ALONE,
    Reply.IN_PROGRESS,
    Reply.RATE_LIMITED,
}
