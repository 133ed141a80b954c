from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest

from wingman.notifications.email.operating.weeks import Week, last_weeks


def week_of(zone: str, now: datetime) -> Week:
    [week] = [week for week in last_weeks(now) if zone in week.timezones]
    return week


@pytest.mark.parametrize(
    ("zone", "ends", "hours"),
    [
        ("UTC", "2026-11-23T00:00Z", 168),
        ("Europe/Berlin", "2026-10-25T23:00Z", 169),
        ("America/New_York", "2026-03-09T04:00Z", 167),
        ("Australia/Lord_Howe", "2026-04-05T13:30Z", 168.5),
        ("America/Vancouver", "2026-03-09T07:00Z", 167),  # its last clock change
        ("America/Vancouver", "2026-11-02T07:00Z", 168),
        ("Asia/Beirut", "2026-03-29T21:00Z", 167),  # its Sunday begins at 01:00
    ],
)
def test_a_week_is_as_long_as_its_timezone_makes_it(zone: str, ends: str, hours: float) -> None:
    end = datetime.fromisoformat(ends)

    week = week_of(zone, end)

    assert (week.starts_at, week.ends_at) == (end - timedelta(hours=hours), end)
    before = week_of(zone, end - timedelta(seconds=1))
    assert before.ends_at == week.starts_at, "weeks leave no gap"


def test_each_timezone_has_one_last_week() -> None:
    weeks = last_weeks(datetime(2026, 11, 23, 9, tzinfo=UTC))

    named = [name for week in weeks for name in week.timezones]
    assert sorted(named) == sorted(available_timezones())
    assert {week.name for week in weeks} == {"2026-W46", "2026-W47"}


def test_a_week_belongs_to_the_iso_year_of_its_thursday() -> None:
    week = week_of("UTC", datetime(2027, 1, 4, tzinfo=UTC))

    assert (week.name, week.first_day.isoformat()) == ("2026-W53", "2026-12-28")
