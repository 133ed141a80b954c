"""The state machine, tested as a table and by invariants of every history."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import session_rules as rules
from tests.support.session_rules import Refusal, Side, State, Step
from wingman.sessions.models import SessionStatus

START = datetime(2026, 12, 5, 18, 30, tzinfo=UTC)
MAYA, LEO = Side.USER1, Side.USER2
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TICK = timedelta(microseconds=1)
PLANNED = State(START)


def after(*steps: tuple[Step, Side], at: timedelta = HOUR, state: State = PLANNED) -> State:
    """Return the state after steps at one moment, none of which may be refused."""
    for step, by in steps:
        assert rules.refusal(state, step, by, START + at) is None
        state = rules.after(state, step, by, START + at)
    return state


CONFIRMED = after((Step.CONFIRM, MAYA))
REPORTED = after((Step.REPORT, MAYA))
COMPLETED = after((Step.CONFIRM, MAYA), (Step.CONFIRM, LEO))
CANCELLED = after((Step.CANCEL, MAYA), at=-3 * HOUR)
EXPIRED = rules.closed(PLANNED, START + DAY)
COMPLETED_BY_LEO = rules.closed(after((Step.CONFIRM, LEO)), START + DAY)


@pytest.mark.parametrize(
    ("state", "step", "at", "expected"),
    [
        (PLANNED, Step.MOVE, -TICK, None),
        (PLANNED, Step.MOVE, timedelta(0), Refusal.NOT_OPEN),
        (PLANNED, Step.NOTE, -DAY, None),
        (PLANNED, Step.NOTE, DAY, None),
        (PLANNED, Step.CANCEL, -DAY, None),
        (PLANNED, Step.CANCEL, HOUR, None),
        (PLANNED, Step.CONFIRM, -TICK, Refusal.NOT_STARTED),
        (PLANNED, Step.CONFIRM, timedelta(0), None),
        (PLANNED, Step.REPORT, 15 * MINUTE - TICK, Refusal.TOO_EARLY),
        (PLANNED, Step.REPORT, 15 * MINUTE, None),
        (PLANNED, Step.REPORT, 7 * DAY, None),
        (PLANNED, Step.REPORT, 7 * DAY + TICK, Refusal.TOO_LATE),
        (CONFIRMED, Step.CANCEL, HOUR, Refusal.ALREADY_ANSWERED),
        (CONFIRMED, Step.REPORT, HOUR, Refusal.ALREADY_ANSWERED),
        (CONFIRMED, Step.CONFIRM, HOUR, None),
        (REPORTED, Step.CANCEL, HOUR, Refusal.ALREADY_ANSWERED),
        (REPORTED, Step.CONFIRM, HOUR, None),
        (REPORTED, Step.REPORT, HOUR, None),
        (COMPLETED, Step.REPORT, HOUR, Refusal.NOT_OPEN),
        (COMPLETED_BY_LEO, Step.REPORT, 2 * DAY, None),
        (EXPIRED, Step.REPORT, 2 * DAY, None),
        (CANCELLED, Step.REPORT, HOUR, Refusal.NOT_OPEN),
        *(
            (closed, step, 2 * DAY, Refusal.NOT_OPEN)
            for closed in (COMPLETED, CANCELLED, EXPIRED)
            for step in (Step.MOVE, Step.NOTE, Step.CANCEL, Step.CONFIRM)
        ),
    ],
)
def test_state_and_time_decide_on_a_step(
    state: State, step: Step, at: timedelta, expected: Refusal | None
) -> None:
    assert rules.refusal(state, step, MAYA, START + at) is expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), SessionStatus.EXPIRED),
        (((Step.CONFIRM, MAYA),), SessionStatus.COMPLETED),
        (((Step.REPORT, MAYA),), SessionStatus.NO_SHOW),
        (((Step.REPORT, MAYA), (Step.REPORT, LEO)), SessionStatus.EXPIRED),
        (((Step.REPORT, MAYA), (Step.CONFIRM, MAYA)), SessionStatus.COMPLETED),
        (((Step.REPORT, MAYA), (Step.CONFIRM, LEO)), SessionStatus.NO_SHOW),
        (((Step.CONFIRM, LEO), (Step.REPORT, MAYA)), SessionStatus.NO_SHOW),
    ],
)
def test_answers_decide_the_status_a_day_after_the_start(
    words: tuple[tuple[Step, Side], ...], expected: SessionStatus
) -> None:
    said = after(*words)
    assert rules.closed(said, START + DAY - TICK) == said
    assert rules.closed(said, START + DAY).status is expected


@pytest.mark.parametrize(
    ("before", "missing"), [(2 * HOUR, set()), (2 * HOUR - TICK, {LEO}), (-HOUR, {LEO})]
)
def test_cancelling_within_two_hours_counts_as_a_no_show(
    before: timedelta, missing: set[Side]
) -> None:
    assert after((Step.CANCEL, LEO), at=-before).missing == missing


def test_a_late_report_is_judged_like_an_early_one() -> None:
    early = rules.closed(after((Step.REPORT, MAYA)), START + DAY)
    late = after((Step.REPORT, MAYA), at=3 * DAY, state=EXPIRED)
    assert early == late
    both = after((Step.REPORT, LEO), at=4 * DAY, state=late)
    assert both.status is SessionStatus.EXPIRED


def test_a_late_report_does_not_undo_a_confirmation() -> None:
    late = after((Step.REPORT, MAYA), at=3 * DAY, state=COMPLETED_BY_LEO)
    assert (late.status, late.missing) == (SessionStatus.COMPLETED, frozenset({LEO}))


def test_a_session_is_in_progress_from_its_start_until_it_is_closed() -> None:
    assert rules.status_at(PLANNED, START - TICK) is SessionStatus.SCHEDULED
    assert rules.status_at(PLANNED, START) is SessionStatus.IN_PROGRESS
    assert rules.status_at(CANCELLED, START + HOUR) is SessionStatus.CANCELLED


MOVES = st.lists(
    st.tuples(
        st.timedeltas(timedelta(0), 3 * DAY),  # since the previous step
        st.one_of(st.none(), st.tuples(st.sampled_from(Step), st.sampled_from(Side))),
    ),
    max_size=12,
)


@given(st.timedeltas(-4 * DAY, timedelta(0)), MOVES)
def test_no_history_completes_alone_early_or_twice(
    beginning: timedelta, moves: list[tuple[timedelta, tuple[Step, Side] | None]]
) -> None:
    state, now = PLANNED, START + beginning
    for pause, move in moves:
        now += pause
        before = state
        if move is None:
            state = rules.closed(state, now)
        elif rules.refusal(state, *move, now) is None:
            state = rules.after(state, *move, now)
        if not before.open:
            assert not state.open
            assert before.status not in {SessionStatus.COMPLETED, SessionStatus.CANCELLED} or (
                state.status is before.status
            )
        if state.status is SessionStatus.COMPLETED and before.open:
            assert now >= START
            assert state.confirmed_by == set(Side) or (state.confirmed_by and move is None)
        assert not (state.confirmed_by and now < START)


def test_repeating_an_answer_changes_nothing() -> None:
    for state, step in ((CONFIRMED, Step.CONFIRM), (REPORTED, Step.REPORT)):
        assert after((step, MAYA), state=state) == state
