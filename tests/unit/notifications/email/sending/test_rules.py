"""The rules of sending, tested as tables and as properties."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.notifications.email.sending.fakes import NOON, invitation, reminder
from wingman.notifications.email.letters.kinds import content_of
from wingman.notifications.email.models import Outcome
from wingman.notifications.email.sending import rules
from wingman.notifications.email.sending.rules import Reply, SkipReason
from wingman.notifications.email.sending.timing import Delay, Departure
from wingman.notifications.models import Priority

REPLIES = st.sampled_from([reply for reply in Reply if reply is not Reply.ACCEPTED])
# After these replies, the provider may have accepted the request.
UNCERTAIN = {Reply.UNKNOWN, Reply.IN_PROGRESS, Reply.KEY_CONFLICT}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, None),
        ({"wanted": False}, SkipReason.PREFERENCE_OFF),
        ({"holds": False}, SkipReason.SUPERSEDED),
        ({"suppressed": True}, SkipReason.SUPPRESSED),
        ({"suppressed": True, "wanted": False}, SkipReason.SUPPRESSED),
    ],
)
def test_an_email_is_sent_unless_its_reader_opted_out(
    facts: dict[str, bool], expected: SkipReason | None
) -> None:
    email = invitation(**facts)

    assert rules.skip_reason(email, content_of(email), NOON) is expected


@given(st.datetimes(datetime(2026, 11, 1), datetime(2026, 12, 1)))  # noqa: DTZ001 - made aware below
def test_an_invitation_is_sent_exactly_while_it_can_be_answered(naive: datetime) -> None:
    now = naive.replace(tzinfo=NOON.tzinfo)
    email = invitation()
    closes = datetime.fromisoformat(email.template_data["expires_at"])

    reason = rules.skip_reason(email, content_of(email), now)

    assert (reason is SkipReason.NO_LONGER_USEFUL) == (now >= closes)


@pytest.mark.parametrize(
    ("template", "minutes_before", "expected"),
    [
        ("session_reminder_24h", 24 * 60, None),
        ("session_reminder_24h", 2 * 60 + 1, None),
        ("session_reminder_24h", 2 * 60, SkipReason.NO_LONGER_USEFUL),
        ("session_reminder_24h", -1, SkipReason.NO_LONGER_USEFUL),
        ("session_reminder_2h", 2 * 60, None),
        ("session_reminder_2h", 1, None),
        ("session_reminder_2h", 0, SkipReason.NO_LONGER_USEFUL),
        ("session_reminder_2h", -60, SkipReason.NO_LONGER_USEFUL),
    ],
)
def test_a_late_reminder_is_sent_while_it_is_still_useful(
    template: str, minutes_before: int, expected: SkipReason | None
) -> None:
    email = reminder(template)
    now = NOON + timedelta(days=1) - timedelta(minutes=minutes_before)

    assert rules.skip_reason(email, content_of(email), now) is expected


NIGHT = NOON.replace(hour=23)  # midnight in Berlin
RESTING = {"quiet_hours_start": time(22), "quiet_hours_end": time(8)}


@given(
    st.sampled_from(["session_cancelled", "session_reminder_24h", "session_reminder_2h"]),
    st.datetimes(datetime(2026, 11, 19), datetime(2026, 11, 21)),  # noqa: DTZ001 - made aware below
    st.integers(0, 9),
)
def test_an_urgent_email_never_waits(template: str, naive: datetime, today: int) -> None:
    now = naive.replace(tzinfo=NOON.tzinfo)
    email = reminder(template, **RESTING, handed_over=[now] * today)

    leaves = rules.when(email, now, just_chosen=5, active_hours=[9] * 24)

    assert leaves == Departure(now)


def test_a_bulk_email_waits_for_its_readers_morning() -> None:
    email = reminder("session_feedback", **RESTING)

    leaves = rules.when(email, NIGHT)

    assert leaves == Departure(NIGHT.replace(day=21, hour=7), Delay.QUIET_HOURS)


def test_an_invitation_waits_for_the_morning_and_the_next_day() -> None:
    at_night = rules.when(invitation(**RESTING), NIGHT)
    after_three = rules.when(invitation(handed_over=[NOON] * 3), NOON)

    assert at_night == Departure(NIGHT.replace(day=21, hour=7), Delay.QUIET_HOURS)
    assert after_three.delay is Delay.DAILY_CAP


@pytest.mark.parametrize(("handed_over", "just_chosen"), [(3, 0), (0, 3), (1, 2)])
def test_emails_just_chosen_count_towards_the_day(handed_over: int, just_chosen: int) -> None:
    email = reminder("session_feedback", handed_over=[NOON] * handed_over)

    leaves = rules.when(email, NOON, just_chosen=just_chosen)

    assert leaves.delay is Delay.DAILY_CAP


@pytest.mark.parametrize("last_error", [None, "HttpClientError: lost", *Delay])
def test_an_email_waits_for_its_hour_once(last_error: str | None) -> None:
    email = reminder("session_feedback", last_error=last_error)
    in_the_evening = [9 if hour == 18 else 0 for hour in range(24)]

    leaves = rules.when(email, NOON, active_hours=in_the_evening)

    assert leaves.delay is (None if last_error in set(Delay) else Delay.ACTIVE_HOUR)


@pytest.mark.parametrize(("days", "expected"), [(6, None), (8, SkipReason.NO_LONGER_USEFUL)])
def test_feedback_is_not_requested_a_week_later(days: int, expected: SkipReason | None) -> None:
    email = reminder("session_feedback")

    reason = rules.skip_reason(email, content_of(email), NOON + timedelta(days=days + 1))

    assert reason is expected


@given(st.integers(0, 200))
def test_the_backoff_is_positive_and_at_most_doubles_from_a_minute(retry_count: int) -> None:
    wait = rules.backoff(retry_count)

    assert timedelta(0) < wait <= timedelta(minutes=min(2**retry_count, 240))


def test_the_backoff_is_spread_over_its_whole_range() -> None:
    waits = [rules.backoff(4) / timedelta(minutes=16) for _ in range(400)]

    assert min(waits) < 0.1
    assert max(waits) > 0.9


@given(REPLIES, st.booleans(), st.booleans(), st.integers(0, 50))
def test_a_group_is_released_only_if_it_was_certainly_not_taken(
    reply: Reply, untaken: bool, alone: bool, retry_count: int
) -> None:
    after = rules.settle(
        reply, untaken=untaken, alone=alone, retry_count=retry_count, retry_after=None
    )

    if after.outcome is Outcome.RETRY and not after.keep_group:
        assert untaken
        assert reply not in UNCERTAIN
    if after.outcome is Outcome.FAILED:
        assert untaken


@given(REPLIES, st.booleans(), st.booleans(), st.integers(0, 50))
def test_a_retry_always_has_a_time_and_waiting_is_never_counted(
    reply: Reply, untaken: bool, alone: bool, retry_count: int
) -> None:
    after = rules.settle(
        reply, untaken=untaken, alone=alone, retry_count=retry_count, retry_after=None
    )

    assert (after.outcome is Outcome.RETRY) == (after.wait is not None)
    if reply not in {Reply.UNKNOWN, Reply.UNREACHABLE, Reply.KEY_CONFLICT, Reply.REJECTED}:
        assert not after.counts


def test_the_wait_is_the_one_that_the_provider_asks_for() -> None:
    asked = timedelta(seconds=17)

    after = rules.settle(
        Reply.RATE_LIMITED, untaken=True, alone=True, retry_count=0, retry_after=asked
    )

    assert after.wait == asked


@pytest.mark.parametrize("lane", Priority)
@given(st.sampled_from(list(Reply)), st.integers(0, 100_000))
def test_only_a_reply_that_blocks_all_emails_pauses(
    lane: Priority, reply: Reply, seconds: int
) -> None:
    asked = timedelta(seconds=seconds)

    pause = rules.pause(reply, lane, asked)

    stops = {Reply.QUOTA_EXHAUSTED, Reply.REFUSED, Reply.LEFT_ALONE}
    assert (pause is not None) == (reply in stops)
    if reply is Reply.QUOTA_EXHAUSTED:
        assert pause == rules.Pause([lane], max(asked, timedelta(hours=1)))
    if reply is Reply.REFUSED:
        assert pause == rules.Pause(list(Priority), timedelta(minutes=5))
    if reply is Reply.LEFT_ALONE:
        assert pause == rules.Pause(list(Priority), timedelta(seconds=5))


@pytest.mark.parametrize("reply", [Reply.QUOTA_EXHAUSTED, Reply.REFUSED, Reply.LEFT_ALONE])
def test_an_email_of_a_paused_lane_is_due_as_soon_as_the_pause_ends(reply: Reply) -> None:
    after = rules.settle(
        reply, untaken=True, alone=True, retry_count=9, retry_after=timedelta(hours=5)
    )

    assert after.wait == timedelta(seconds=1)
    assert (after.counts, after.keep_group) == (False, False)
