"""Pure rules that decide when a bulk email may leave, by its reader's clock.

A local time that a clock change skips or repeats is tried with both UTC offsets.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

DAILY_CAP = 3
"""Emails to a reader in a day; after them, bulk emails wait for the next day."""

_ENOUGH_SEEN = 5
_HOURS_PER_DAY = 24
_MIDNIGHT = time(0)
_USUAL_HOUR = 18
"""For a reader whose habits are not known."""
# An email waits for its reader's favourite hour until some time tomorrow at most.
_LONGEST_WAIT_FOR_HOUR = timedelta(hours=26)
_DAYS_AHEAD = 4


class Delay(StrEnum):
    """The reason for which an email waits."""

    QUIET_HOURS = "quiet_hours"
    DAILY_CAP = "daily_cap"
    ACTIVE_HOUR = "active_hour"
    DAILY = "daily"


@dataclass(frozen=True)
class ReaderClock:
    """The facts that decide when a reader gets bulk emails.

    `handed_over`: when emails went to the provider lately. `active_hours`: how often the reader was
    active in each hour of the day, in UTC. `has_waited`: the email was postponed before; it waits
    for no favourite hour then, because a sender that runs late could miss it every day.
    """

    zone: tzinfo
    quiet_start: time | None = None
    quiet_end: time | None = None
    handed_over: Sequence[datetime] = ()
    active_hours: Sequence[int] | None = None
    has_waited: bool = False


@dataclass(frozen=True)
class Departure:
    at: datetime
    delay: Delay | None = None


def departure(clock: ReaderClock, now: datetime) -> Departure:
    """Return the first time (UTC), `now` or later, that the reader's rules allow."""
    now = now.astimezone(UTC)  # in a repeated hour, times of other zones compare unequal
    if _is_capped(clock, now):
        tomorrow = _next_day(clock, now)
        return Departure(_at_best(clock, tomorrow), Delay.DAILY_CAP)
    at = _at_best(clock, now)
    if at == now:
        return Departure(now)
    return Departure(at, Delay.QUIET_HOURS if is_quiet(clock, now) else Delay.ACTIVE_HOUR)


def daily(clock: ReaderClock, now: datetime) -> Departure:
    """Return the time of the one email of the day: the start of the reader's favourite hour."""
    hours = [*_favourite_hours(replace(clock, has_waited=False), now), _USUAL_HOUR]
    for times in ([time(hour)] for hour in hours):
        for moment in _moments_showing(clock, now, times):
            if not is_quiet(clock, moment) and moment > now:
                return Departure(moment, Delay.DAILY)
    return departure(clock, now)  # quiet hours allow no start of these hours


def is_quiet(clock: ReaderClock, moment: datetime) -> bool:
    """Return whether it is quiet for the reader. Equal ends mean no quiet hours."""
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
    today = now.astimezone(clock.zone).date()
    return next(
        moment
        for moment in _moments_showing(clock, now, [_MIDNIGHT])
        if moment.astimezone(clock.zone).date() > today
    )


def _at_best(clock: ReaderClock, earliest: datetime) -> datetime:
    """Return the first time outside quiet hours, in a favourite hour if one is near."""
    for hour in _favourite_hours(clock, earliest):
        found = _first(clock, earliest, hour)
        if found is not None and found - earliest <= _LONGEST_WAIT_FOR_HOUR:
            return found
    # The database limits quiet hours, so there is always such a time.
    return _first(clock, earliest) or earliest


def _first(clock: ReaderClock, earliest: datetime, hour: int | None = None) -> datetime | None:
    """Return the first time outside quiet hours, within `hour` if given."""

    def is_good(moment: datetime) -> bool:
        fits = hour is None or _hour(clock, moment) == hour
        return moment >= earliest and fits and not is_quiet(clock, moment)

    if is_good(earliest):
        return earliest
    # Later, the answer can only change on the hour and when quiet hours end.
    times = [time(hour) for hour in range(_HOURS_PER_DAY)]
    times += [clock.quiet_end] if clock.quiet_end else []
    return next(filter(is_good, _moments_showing(clock, earliest, times)), None)


def _moments_showing(
    clock: ReaderClock, around: datetime, times: Sequence[time]
) -> Iterator[datetime]:
    """Yield, in order, the moments at which the reader's clock shows `times`, from today on."""
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
    """Return the local hours in which the reader was active, most active first."""
    seen = clock.active_hours
    if seen is None or clock.has_waited or sum(seen) < _ENOUGH_SEEN:
        return []
    used = [hour for hour in range(_HOURS_PER_DAY) if seen[hour] > 0]
    best = sorted(used, key=lambda hour: -seen[hour])
    return [_hour(clock, now.astimezone(UTC).replace(hour=hour, minute=30)) for hour in best]


def _hour(clock: ReaderClock, moment: datetime) -> int:
    return moment.astimezone(clock.zone).hour
