"""The timing of bulk emails in every timezone, at every clock change."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wingman.notifications.email.sending import timing
from wingman.notifications.email.sending.timing import Delay, ReaderClock, departure, is_quiet

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")


@cache
def changes(name: str) -> list[datetime]:
    """Return every clock change in two years to the minute, found by search."""
    zone = ZoneInfo(name)
    found, at = [], FIRST
    while at < LAST:
        before, after = at, at + 5 * DAY
        if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            found.append(_bisected(zone, before, after))
        at = after
    return found


def _bisected(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    offset = before.astimezone(zone).utcoffset()
    while after - before > MINUTE:
        middle = before + (after - before) / 2
        middle = middle.replace(second=0, microsecond=0)
        if middle in (before, after):
            break
        same = middle.astimezone(zone).utcoffset() == offset
        before, after = (middle, after) if same else (before, middle)
    return after


@st.composite
def moments(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """Draw a zone and a moment; half of the moments are within two days of a clock change."""
    name: str = draw(st.sampled_from(ZONES))
    near = changes(name)
    is_near: bool = draw(st.booleans())
    if near and is_near:
        since = draw(st.sampled_from(near)) - 2 * DAY
        return ZoneInfo(name), since + draw(st.integers(0, 4 * 1440)) * MINUTE
    return ZoneInfo(name), FIRST + draw(st.integers(0, (LAST - FIRST) // MINUTE)) * MINUTE


@st.composite
def quiet_hours(draw: st.DrawFn) -> tuple[time | None, time | None]:
    """Draw quiet hours that the database allows: none, or up to 23 hours a day."""
    if draw(st.integers(0, 4)) == 0:
        return None, None
    start = draw(st.integers(0, 1439))
    end = (start + draw(st.integers(1, 23 * 60))) % 1440
    return time(start // 60, start % 60), time(end // 60, end % 60)


# The last test covers every zone at every clock change; the properties cover the rest.
OFTEN = settings(max_examples=120)
HOURS = st.none() | st.lists(st.integers(0, 9), min_size=24, max_size=24)


@st.composite
def clocks(draw: st.DrawFn) -> tuple[ReaderClock, datetime]:
    zone, now = draw(moments())
    start, end = draw(quiet_hours())
    ago = st.integers(0, 48 * 60).map(lambda minutes: now - minutes * MINUTE)
    clock = ReaderClock(
        zone,
        start,
        end,
        handed_over=draw(st.lists(ago, max_size=6)),
        active_hours=draw(HOURS),
        has_waited=draw(st.booleans()),
    )
    return clock, now


def shows_quiet(clock: ReaderClock, moment: datetime) -> bool:
    """Compute quiet hours independently of the product, in minutes of the day."""
    if clock.quiet_start is None or clock.quiet_end is None:
        return False
    shown, start, end = (
        at.hour * 60 + at.minute
        for at in (moment.astimezone(clock.zone), clock.quiet_start, clock.quiet_end)
    )
    return (shown - start) % 1440 < (end - start) % 1440


def minutes(since: datetime, until: datetime) -> Iterator[datetime]:
    while since < until:
        yield since
        since += MINUTE


@OFTEN
@given(clocks())
def test_no_bulk_email_is_sent_in_quiet_hours(case: tuple[ReaderClock, datetime]) -> None:
    clock, now = case

    leaves = departure(clock, now)

    assert leaves.at >= now
    assert not shows_quiet(clock, leaves.at)
    assert (leaves.delay is None) == (leaves.at == now)


@OFTEN
@given(clocks())
def test_a_day_has_at_most_three_emails(case: tuple[ReaderClock, datetime]) -> None:
    clock, now = case

    day = departure(clock, now).at.astimezone(clock.zone).date()

    same_day = [at for at in clock.handed_over if at.astimezone(clock.zone).date() == day]
    assert len(same_day) < timing.DAILY_CAP


@given(moments(), quiet_hours())
def test_an_email_waits_no_longer_than_it_must(
    moment: tuple[ZoneInfo, datetime], quiet: tuple[time | None, time | None]
) -> None:
    """Every minute before the email is sent is a quiet one."""
    zone, now = moment
    clock = ReaderClock(zone, *quiet)

    leaves = departure(clock, now)

    assert all(shows_quiet(clock, minute) for minute in minutes(now, leaves.at))


@given(clocks(), st.integers(0, 7))
def test_no_email_waits_forever(case: tuple[ReaderClock, datetime], late: int) -> None:
    """Even a sender that is always late sends the email within a few days."""
    clock, now = case
    began = now

    for _ in range(6):
        leaves = departure(clock, now)
        if leaves.delay is None:
            break
        clock = replace(clock, has_waited=True)
        now = leaves.at + late * MINUTE
    else:
        pytest.fail("the email still waits")
    assert now - began < 5 * DAY


@given(
    moments(),
    quiet_hours(),
    st.dictionaries(st.integers(0, 23), st.just(9), min_size=1, max_size=3),
)
def test_a_favourite_hour_is_one_in_which_the_reader_was_active(
    moment: tuple[ZoneInfo, datetime], quiet: tuple[time | None, time | None], seen: dict[int, int]
) -> None:
    zone, now = moment
    clock = ReaderClock(zone, *quiet, active_hours=[seen.get(hour, 0) for hour in range(24)])

    leaves = departure(clock, now)
    assume(leaves.delay is Delay.ACTIVE_HOUR)  # neither a quiet nor a favourite hour

    assert leaves.at - now <= timedelta(hours=26)
    shown = leaves.at.astimezone(zone)
    assert shown.hour in {
        now.astimezone(UTC).replace(hour=hour, minute=30).astimezone(zone).hour for hour in seen
    }


@given(clocks())
def test_quiet_hours_match_an_independent_computation(case: tuple[ReaderClock, datetime]) -> None:
    clock, now = case

    assert is_quiet(clock, now) == shows_quiet(clock, now)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def seen_at(hour: int, times: int = 9) -> list[int]:
    return [times if each == hour else 0 for each in range(24)]


NIGHT = {"quiet_start": time(22), "quiet_end": time(8)}


@pytest.mark.parametrize(
    ("facts", "now", "expected", "delay"),
    [
        ({}, "2026-11-20T03:00", "2026-11-20T03:00", None),
        (NIGHT, "2026-11-20T21:59", "2026-11-20T21:59", None),
        (NIGHT, "2026-11-20T22:00", "2026-11-21T08:00", Delay.QUIET_HOURS),
        (NIGHT, "2026-11-20T03:00", "2026-11-20T08:00", Delay.QUIET_HOURS),
        (NIGHT, "2026-11-20T08:00", "2026-11-20T08:00", None),
        # The night of 29 March has no 02:30, and that of 25 October has two.
        (
            {"quiet_start": time(22), "quiet_end": time(2, 30)},
            "2026-03-28T23:00",
            "2026-03-29T03:00",
            Delay.QUIET_HOURS,
        ),
        (
            {"quiet_start": time(22), "quiet_end": time(2, 30)},
            "2026-10-24T23:00",
            "2026-10-25T02:30",
            Delay.QUIET_HOURS,
        ),
        ({"active_hours": seen_at(18)}, "2026-11-20T12:00", "2026-11-20T19:00", Delay.ACTIVE_HOUR),
        ({"active_hours": seen_at(18)}, "2026-11-20T19:40", "2026-11-20T19:40", None),
        ({"active_hours": seen_at(18)}, "2026-11-20T20:00", "2026-11-21T19:00", Delay.ACTIVE_HOUR),
        ({"active_hours": seen_at(18, 4)}, "2026-11-20T12:00", "2026-11-20T12:00", None),
        (
            {"active_hours": seen_at(18), "has_waited": True},
            "2026-11-20T20:00",
            "2026-11-20T20:00",
            None,
        ),
        # The reader is active only in quiet hours, so any time outside them fits.
        (NIGHT | {"active_hours": seen_at(1)}, "2026-11-20T12:00", "2026-11-20T12:00", None),
    ],
)
def test_an_email_is_sent_at_the_time_that_suits_its_reader(
    facts: dict[str, Any], now: str, expected: str, delay: Delay | None
) -> None:
    leaves = departure(ReaderClock(BERLIN, **facts), berlin(now).astimezone(UTC))

    assert leaves.at == berlin(expected).astimezone(UTC)
    assert leaves.delay is delay


@pytest.mark.parametrize(
    ("sent", "capped"),
    [
        (["2026-11-20T00:00", "2026-11-20T08:00", "2026-11-20T12:00"], True),
        (["2026-11-19T23:59", "2026-11-20T08:00", "2026-11-20T12:00"], False),
        (["2026-11-20T08:00", "2026-11-20T12:00"], False),
        (["2026-11-19T13:00"] * 5, False),
    ],
)
def test_the_fourth_email_of_a_day_waits_for_the_next(sent: list[str], capped: bool) -> None:
    clock = ReaderClock(BERLIN, time(22), time(8), handed_over=[berlin(at) for at in sent])

    leaves = departure(clock, berlin("2026-11-20T13:00").astimezone(UTC))

    if capped:
        assert leaves.at == berlin("2026-11-21T08:00")
        assert leaves.delay is Delay.DAILY_CAP
    else:
        assert leaves.delay is None


def test_quiet_hours_end_twice_in_a_repeated_hour() -> None:
    """It is 02:10 in Berlin for the second time, and quiet again until 02:30."""
    clock = ReaderClock(BERLIN, time(22), time(2, 30))

    leaves = departure(clock, datetime(2026, 10, 25, 1, 10, tzinfo=UTC))

    assert leaves.at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_day_without_midnight_begins_at_its_first_hour() -> None:
    """Cairo's 24 April 2026 begins at 01:00."""
    cairo = ZoneInfo("Africa/Cairo")
    sent = [datetime(2026, 4, 23, hour, tzinfo=cairo) for hour in (9, 10, 11)]

    leaves = departure(
        ReaderClock(cairo, handed_over=sent), datetime(2026, 4, 23, 12, tzinfo=cairo)
    )

    assert leaves.at.astimezone(cairo).date() == date(2026, 4, 24)
    assert leaves.at == datetime(2026, 4, 23, 22, tzinfo=UTC)


def test_the_night_stays_quiet_at_every_clock_change_of_every_timezone() -> None:
    tried = 0
    for name in ZONES:
        clock = ReaderClock(ZoneInfo(name), time(22), time(2, 30))
        for change in changes(name):
            for now in (change - HOUR, change - MINUTE, change, change + 20 * MINUTE):
                leaves = departure(clock, now)
                assert leaves.at >= now, name
                assert not shows_quiet(clock, leaves.at), name
                tried += 1
    assert len(ZONES) > 400
    assert tried > 2000
