"""When a mail that can wait may leave, by its reader's own clock. Facts in, a moment out.

All is decided on wall-clock time: at 21:59 local it is not quiet yet, whatever the offset did that
night. A time that a change of clocks skips or repeats is tried in both readings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

DAILY_CAP = 3
"""Mails a day after which one that can wait waits for the next (requirements.md E3)."""

_ENOUGH_SEEN = 5
_HOURS_PER_DAY = 24
_MIDNIGHT = time(0)
# An hour of tomorrow is the furthest that a mail waits for the hour its reader likes.
_LONGEST_WAIT_FOR_HOUR = timedelta(hours=26)
_DAYS_AHEAD = 4


class Delay(StrEnum):
    """Why a mail waits."""

    QUIET_HOURS = "quiet_hours"
    DAILY_CAP = "daily_cap"
    ACTIVE_HOUR = "active_hour"


@dataclass(frozen=True)
class ReaderClock:
    """What decides when one reader gets what can wait.

    `handed_over`: when mails went to the provider lately. `active_hours`: how often the reader was
    seen in each hour of the day, in UTC. `has_waited`: for whatever; then no hour is waited for, as
    a sender that comes a minute late could miss it every day.
    """

    zone: tzinfo
    quiet_start: time | None = None
    quiet_end: time | None = None
    handed_over: Sequence[datetime] = ()
    active_hours: Sequence[int] | None = None
    has_waited: bool = False


@dataclass(frozen=True)
class Departure:
    """When a mail may leave: now, or later for a reason."""

    at: datetime
    delay: Delay | None = None


def departure(clock: ReaderClock, now: datetime) -> Departure:
    """Find the first moment (UTC), `now` or later, that breaks none of the reader's rules."""
    now = now.astimezone(UTC)  # a repeated hour of any other zone equals nothing
    if _is_capped(clock, now):
        tomorrow = _next_day(clock, now)
        return Departure(_at_best(clock, tomorrow), Delay.DAILY_CAP)
    at = _at_best(clock, now)
    if at == now:
        return Departure(now)
    return Departure(at, Delay.QUIET_HOURS if is_quiet(clock, now) else Delay.ACTIVE_HOUR)


def is_quiet(clock: ReaderClock, moment: datetime) -> bool:
    """Say whether the reader's clock shows a quiet time. Equal ends mean none."""
    start, end = clock.quiet_start, clock.quiet_end
    if start is None or end is None:
        return False
    shown = moment.astimezone(clock.zone).time()
    return start <= shown < end if start <= end else shown >= start or shown < end


def _is_capped(clock: ReaderClock, now: datetime) -> bool:
    today = now.astimezone(clock.zone).date()
    dates = [moment.astimezone(clock.zone).date() for moment in clock.handed_over]
    return dates.count(today) >= DAILY_CAP


def _next_day(clock: ReaderClock, now: datetime) -> datetime:
    """Return the first moment of the reader's next day."""
    today = now.astimezone(clock.zone).date()
    return next(
        moment
        for moment in _moments_showing(clock, now, [_MIDNIGHT])
        if moment.astimezone(clock.zone).date() > today
    )


def _at_best(clock: ReaderClock, earliest: datetime) -> datetime:
    """Return the first moment that is not quiet, in the reader's favourite hour if that is near."""
    for hour in _favourite_hours(clock, earliest):
        found = _first(clock, earliest, hour)
        if found is not None and found - earliest <= _LONGEST_WAIT_FOR_HOUR:
            return found
    # Nobody is quiet for days: the database sees to that.
    return _first(clock, earliest) or earliest


def _first(clock: ReaderClock, earliest: datetime, hour: int | None = None) -> datetime | None:
    """Find the first moment outside quiet hours, in this hour if one is named."""

    def is_good(moment: datetime) -> bool:
        fits = hour is None or _hour(clock, moment) == hour
        return moment >= earliest and fits and not is_quiet(clock, moment)

    if is_good(earliest):
        return earliest
    # Afterwards something can begin to hold on the hour, and when quiet hours end.
    times = [time(hour) for hour in range(_HOURS_PER_DAY)]
    times += [clock.quiet_end] if clock.quiet_end else []
    return next(filter(is_good, _moments_showing(clock, earliest, times)), None)


def _moments_showing(
    clock: ReaderClock, around: datetime, times: Sequence[time]
) -> Iterator[datetime]:
    """Return, in order, when the reader's clock shows these times from today on."""
    today = around.astimezone(clock.zone).date()
    moments = {
        datetime.combine(
            today + timedelta(days=day), shown.replace(fold=fold), clock.zone
        ).astimezone(UTC)
        for day in range(_DAYS_AHEAD)
        for shown in times
        for fold in (0, 1)
    }
    return iter(sorted(moments))


def _favourite_hours(clock: ReaderClock, now: datetime) -> Sequence[int]:
    """Return the local hours in which the reader was seen, most often first."""
    seen = clock.active_hours
    if seen is None or clock.has_waited or sum(seen) < _ENOUGH_SEEN:
        return []
    used = [hour for hour in range(_HOURS_PER_DAY) if seen[hour] > 0]
    best = sorted(used, key=lambda hour: -seen[hour])
    return [_hour(clock, now.astimezone(UTC).replace(hour=hour, minute=30)) for hour in best]


def _hour(clock: ReaderClock, moment: datetime) -> int:
    return moment.astimezone(clock.zone).hour
