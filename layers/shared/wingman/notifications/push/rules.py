"""Pure rules that decide what happens to a claimed push."""

import random
from datetime import datetime, timedelta
from enum import StrEnum

from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.sending.timing import Departure, ReaderClock, departure
from wingman.notifications.email.timezones import zone_of
from wingman.notifications.push.models import ClaimedPush

LONGEST_LIFE = timedelta(days=1)
"""A push is about now. Later, the list in the app is enough."""

# https://firebase.google.com/docs/cloud-messaging/scale-fcm: 10 s at least, then exponentially.
_FIRST_RETRY = timedelta(seconds=10)
_LONGEST_RETRY = timedelta(minutes=15)
# Without a Retry-After, the provider wants a minute after 429.
_QUOTA_PAUSE = timedelta(minutes=1)
# Short enough that pushes flow soon after.
_REFUSAL_PAUSE = timedelta(minutes=5)
_OUTAGE_PAUSE = timedelta(seconds=10)

_MESSAGE = "message"


class SkipReason(StrEnum):
    """The reason for which a push is not sent."""

    PUSH_IS_OFF = "push_is_off"
    PREFERENCE_OFF = "preference_off"
    SUPERSEDED = "superseded"
    SEEN = "seen"
    NO_LONGER_USEFUL = "no_longer_useful"
    NO_DEVICE = "no_device"


class Reply(StrEnum):
    """The meaning of the provider's answer about one device."""

    SENT = "sent"
    UNREGISTERED = "unregistered"
    REJECTED = "rejected"
    REFUSED = "refused"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    LEFT_ALONE = "left_alone"


def useful_until(push: ClaimedPush, content: Content) -> datetime:
    return min(content.useful_until(push.recorded_at), push.recorded_at + LONGEST_LIFE)


def skip_reason(push: ClaimedPush, content: Content, now: datetime) -> SkipReason | None:
    """Return the reason not to send this push, or None. Checked before every attempt."""
    if not push.wanted:
        return SkipReason.PREFERENCE_OFF
    if not push.holds:
        return SkipReason.SUPERSEDED
    if push.seen:
        return SkipReason.SEEN
    if useful_until(push, content) <= now:
        return SkipReason.NO_LONGER_USEFUL
    return None if push.devices or push.has_been_sent else SkipReason.NO_DEVICE


def when(push: ClaimedPush, now: datetime) -> Departure:
    """Return when a push may leave: now, or after quiet hours if it can wait."""
    if not push.can_wait:
        return Departure(now)
    clock = ReaderClock(zone_of(push.timezone), push.quiet_hours_start, push.quiet_hours_end)
    return departure(clock, now)


def tag(push: ClaimedPush) -> str:
    """Return the key under which a push replaces an earlier one on the device.

    One about a session or match replaces those about the same, and one about a message those of the
    same conversation; others replace only their repeats. It has at most 64 bytes, the most that
    APNs takes.
    """
    if push.kind == _MESSAGE:
        return f"conversation:{push.match_id}"
    if push.subject_id:
        return f"session:{push.subject_id}"
    return f"match:{push.match_id}" if push.match_id else f"notification:{push.id}"


def pause(reply: Reply, retry_after: timedelta | None) -> timedelta | None:
    """Return for how long a reply stops all pushes; None if it is about one device.

    A wrong key or project refuses everything, so no device is forgotten for it.
    """
    if reply is Reply.RATE_LIMITED:
        return retry_after or _QUOTA_PAUSE
    if reply is Reply.REFUSED:
        return max(retry_after or _REFUSAL_PAUSE, _REFUSAL_PAUSE)
    if reply is Reply.LEFT_ALONE:
        return retry_after or _OUTAGE_PAUSE
    if reply is Reply.UNAVAILABLE:
        return retry_after
    return None


def backoff(retry_count: int) -> timedelta:
    """Return the wait before the next attempt: 10 s, doubling, and half of it at random."""
    ceiling = min(_FIRST_RETRY * 2 ** min(max(retry_count, 0), 16), _LONGEST_RETRY)
    spread: timedelta = ceiling * (1 + random.random() / 2)  # noqa: S311 - guards nothing
    return spread
