"""Two steps on one session at the same moment."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from tests.integration.connections import Connection
from tests.integration.database import (
    WORKER,
    Action,
    Actor,
    acting_as,
    call,
    invoke,
    look,
    overtaken,
    race,
)
from tests.integration.meetings import Pair, emails, move_start, new_pair

_STARTED = timedelta(hours=-1)
_OVERDUE = timedelta(hours=-25)


def _does(function: str, **params: object) -> Action:
    def act(connection: Connection) -> object:
        return invoke(connection, function, **params)

    return act


def _codes(outcomes: list[Any]) -> list[str]:
    return sorted(getattr(each, "sqlstate", "done") for each in outcomes)


def _after(pair: Pair, first: Actor, step: str, second: Actor, other: str, session_id: UUID) -> str:
    """Take the first step, start the other before it is committed; return how that one ended."""
    with acting_as(pair.url, first) as connection:
        invoke(connection, step, p_session_id=session_id)
        outcome = overtaken(pair.url, connection, second, _does(other, p_session_id=session_id))
    return _codes([outcome])[0]


def _totals(pair: Pair) -> list[object]:
    return [
        call(pair.url, pair.first, "get_reputation", p_user_id=person.user_id)
        for person in (pair.first, pair.second)
    ]


def test_two_simultaneous_confirmations_complete_a_session_once(url: str) -> None:
    for _ in range(10):
        pair = new_pair(url)
        session_id = pair.session(_STARTED)
        confirm = _does("confirm_session", p_session_id=session_id)

        outcomes = race(url, [(pair.first, confirm), (pair.second, confirm)])

        assert _codes(outcomes) == ["done", "done"]
        assert pair.read(session_id)["status"] == "completed"
        asked = {email["user_id"] for email in emails(url, session_id, "session_feedback")}
        assert asked == {pair.first.user_id, pair.second.user_id}
        assert len(emails(url, session_id, "session_feedback")) == 2
        assert _totals(pair) == [{"completed_sessions": 1, "no_shows": 0, "kept_from": []}] * 2


def test_one_of_a_simultaneous_cancellation_and_confirmation_wins(url: str) -> None:
    for _ in range(10):
        pair = new_pair(url)
        session_id = pair.session(_STARTED)

        cancelled, confirmed = race(
            url,
            [
                (pair.first, _does("cancel_session", p_session_id=session_id)),
                (pair.second, _does("confirm_session", p_session_id=session_id)),
            ],
        )

        won = {
            ("done", "WS004"): ("cancelled", False),
            ("WS007", "done"): ("scheduled", True),
        }
        stored = pair.read(session_id)
        codes = (_codes([cancelled])[0], _codes([confirmed])[0])
        assert (stored["status"], stored["user1_completed_confirmed_by_user2"]) == won[codes]


def test_a_confirmation_that_waited_for_a_cancellation_is_refused(pair: Pair) -> None:
    session_id = pair.session(_STARTED)

    code = _after(pair, pair.first, "cancel_session", pair.second, "confirm_session", session_id)

    assert code == "WS004"


def test_a_cancellation_that_waited_for_a_confirmation_is_refused(pair: Pair) -> None:
    session_id = pair.session(_STARTED)

    code = _after(pair, pair.second, "confirm_session", pair.first, "cancel_session", session_id)

    assert code == "WS007"


def test_the_second_to_confirm_sees_the_first(pair: Pair) -> None:
    session_id = pair.session(_STARTED)

    code = _after(pair, pair.first, "confirm_session", pair.second, "confirm_session", session_id)

    assert (code, pair.read(session_id)["status"]) == ("done", "completed")


def test_two_simultaneous_cancellations_cancel_a_session_once(url: str) -> None:
    for _ in range(5):
        pair = new_pair(url)
        session_id = pair.session()
        cancel = _does("cancel_session", p_session_id=session_id)

        outcomes = race(url, [(pair.first, cancel), (pair.second, cancel)])

        assert _codes(outcomes) == ["WS004", "done"]
        assert len(emails(url, session_id, "session_cancelled")) == 1


def test_a_cancelled_session_cannot_be_moved(pair: Pair) -> None:
    session_id = pair.session()
    move = _does(
        "update_session",
        p_session_id=session_id,
        p_venue_name="Park",
        p_scheduled_time=None,
        p_notes=None,
        p_changes=["venue_name"],
    )

    with acting_as(pair.url, pair.first) as cancelling:
        invoke(cancelling, "cancel_session", p_session_id=session_id)
        outcome = overtaken(pair.url, cancelling, pair.second, move)

    assert _codes([outcome]) == ["WS004"]
    assert {email["delivery_status"] for email in emails(pair.url, session_id, *_REMINDERS)} == {
        "cancelled"
    }


_REMINDERS = ("session_reminder_24h", "session_reminder_2h")


def test_two_workers_close_each_session_once(url: str) -> None:
    ids = set()
    for _ in range(20):
        pair = new_pair(url)
        session_id = pair.session(_STARTED)
        pair.do(pair.first, "confirm_session", session_id)
        move_start(url, session_id, _OVERDUE)
        ids.add(session_id)

    def work(connection: Connection) -> list[UUID]:
        closed: list[UUID] = []
        while batch := invoke(connection, "close_overdue_sessions", p_limit=3):
            closed += [row["session_id"] for row in batch]
        return closed

    outcomes = race(url, [(WORKER, work), (WORKER, work)])

    closed = [session_id for each in outcomes for session_id in each if session_id in ids]
    assert (len(closed), set(closed)) == (20, ids)
    asked = look(
        url,
        "select count(*) as emails from public.email_logs"
        " where subject_id = any(%s) and email_template = 'session_feedback'",
        list(ids),
    )
    assert asked == [{"emails": 40}]


def test_a_worker_leaves_a_session_that_is_being_answered(pair: Pair) -> None:
    session_id = pair.session(_OVERDUE)

    with acting_as(pair.url, pair.first) as answering:
        invoke(answering, "confirm_session", p_session_id=session_id)
        with acting_as(pair.url, WORKER) as worker:
            worker.execute("set local lock_timeout = '1s'")
            met = invoke(worker, "close_overdue_sessions", p_limit=100)

    assert session_id not in [row["session_id"] for row in met]
    assert pair.read(session_id)["status"] == "scheduled"


def test_a_confirmation_that_waited_for_the_closing_is_too_late(pair: Pair) -> None:
    session_id = pair.session(_OVERDUE)

    with acting_as(pair.url, WORKER) as worker:
        invoke(worker, "close_overdue_sessions", p_limit=100)
        confirm = _does("confirm_session", p_session_id=session_id)
        outcome = overtaken(pair.url, worker, pair.first, confirm)

    assert _codes([outcome]) == ["WS004"]
    assert pair.read(session_id)["status"] == "expired"


def test_planning_waits_for_a_worker_that_closes_the_session_before(pair: Pair) -> None:
    session_id = pair.session(_OVERDUE)
    params = {"p_match_id": pair.match_id, "p_venue_name": "Park", "p_scheduled_time": "tomorrow"}

    with acting_as(pair.url, WORKER) as worker:
        invoke(worker, "close_overdue_sessions", p_limit=100)
        outcome = overtaken(pair.url, worker, pair.first, _does("create_session", **params))

    assert not isinstance(outcome, psycopg.Error)
    assert pair.read(session_id)["status"] == "expired"


def test_planning_closes_the_previous_session_with_the_answer_being_given(pair: Pair) -> None:
    session_id = pair.session(_OVERDUE)
    params = {"p_match_id": pair.match_id, "p_venue_name": "Park", "p_scheduled_time": "tomorrow"}

    with acting_as(pair.url, pair.second) as reporting:
        invoke(reporting, "report_no_show", p_session_id=session_id)
        outcome = overtaken(pair.url, reporting, pair.first, _does("create_session", **params))

    assert not isinstance(outcome, psycopg.Error)
    assert pair.read(session_id)["status"] == "no_show"
