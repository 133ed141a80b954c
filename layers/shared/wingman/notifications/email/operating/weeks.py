"""The last complete ISO week, by the clocks of every timezone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

_SEVEN_DAYS = timedelta(days=7)


@dataclass(frozen=True)
class Week:
    """A week of some timezones, as long as a week is there: 167 hours if clocks go forward."""

    name: str
    first_day: date
    starts_at: datetime
    ends_at: datetime
    timezones: Sequence[str]


def last_weeks(now: datetime) -> Sequence[Week]:
    """Return the weeks that ended last; each known timezone is in one of them."""
    timezones = defaultdict(list)
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        today = now.astimezone(zone).date()
        monday = today - timedelta(days=today.weekday())
        first_day = monday - _SEVEN_DAYS
        timezones[first_day, _midnight(first_day, zone), _midnight(monday, zone)].append(name)
    return [
        Week(f"{first_day:%G-W%V}", first_day, starts_at, ends_at, names)
        for (first_day, starts_at, ends_at), names in timezones.items()
    ]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
