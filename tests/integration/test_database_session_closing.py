"""Sessions and invitations close as time passes: `close_overdue_sessions`, `expire_matches`."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.integration.connections import Connection
from tests.integration.database import (
    WORKER,
    acting_as,
    call,
    email_row,
    invitation,
    invoke,
    look,
    new_person,
    race,
    rows,
)
from tests.integration.meetings import Pair, emails, move_start, new_match, new_pair

_GRACE = timedelta(hours=24)
_MOMENT = timedelta(microseconds=1)


def _closed(url: str) -> dict[UUID, set[UUID]]:
    """Run the job; return the closed sessions and the users whose reputation may have changed."""
    found = rows(url, WORKER, "close_overdue_sessions", p_limit=1000)
    return {row["session_id"]: set(row["users"]) for row in found}


def _at_age(url: str, table: str, column: str, row_id: UUID, age: timedelta, job: str) -> list[Any]:
    """Run the job at exactly that age of the row: no time passes in between."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.execute(
            f"update public.{table} set {column} = now() - %s where id = %s".encode(),  # noqa: S608
            [age, row_id],
        )
        connection.execute("set local role service_role")
        return invoke(connection, job, p_limit=1000)


def test_the_grace_period_ends_exactly_24_hours_after_the_start(pair: Pair) -> None:
    session_id = pair.session()
    place = (pair.url, "wingman_sessions", "scheduled_time", session_id)

    early = _at_age(*place, _GRACE - _MOMENT, "close_overdue_sessions")
    due = _at_age(*place, _GRACE, "close_overdue_sessions")

    assert session_id not in [row["session_id"] for row in early]
    assert session_id in [row["session_id"] for row in due]


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ({}, "expired"),
        ({"first": "confirm_session"}, "completed"),
        ({"second": "confirm_session"}, "completed"),
        ({"first": "report_no_show"}, "no_show"),
        ({"first": "report_no_show", "second": "confirm_session"}, "no_show"),
        ({"first": "confirm_session", "second": "report_no_show"}, "no_show"),
        ({"first": "report_no_show", "second": "report_no_show"}, "expired"),
    ],
)
def test_the_outcome_of_a_session_follows_from_its_confirmations_and_reports(
    pair: Pair, words: dict[str, str], end: str
) -> None:
    session_id = pair.session(timedelta(hours=-23))
    for who, word in words.items():
        pair.do(getattr(pair, who), word, session_id)
    move_start(pair.url, session_id, -_GRACE)

    closed = _closed(pair.url)

    stored = pair.read(session_id)
    assert stored["status"] == end
    assert (stored["completed_at"] is not None) == (end == "completed")
    both = {pair.first.user_id, pair.second.user_id}
    assert closed[session_id] == (set() if end == "expired" else both)
    asked = [email["user_id"] for email in emails(pair.url, session_id, "session_feedback")]
    assert sorted(asked) == (sorted(both) if end == "completed" else [])  # type: ignore[type-var]


def test_a_report_counts_against_the_missing_one_only(pair: Pair) -> None:
    session_id = pair.session(timedelta(hours=-23))
    pair.do(pair.first, "report_no_show", session_id)
    move_start(pair.url, session_id, -_GRACE)

    _closed(pair.url)

    totals = [
        call(pair.url, pair.first, "get_reputation", p_user_id=person.user_id)
        for person in (pair.first, pair.second)
    ]
    assert totals == [
        {"completed_sessions": 0, "no_shows": 0, "kept_from": []},
        {"completed_sessions": 0, "no_shows": 1, "kept_from": []},
    ]


def test_the_job_is_done_when_it_returns_nothing(url: str) -> None:
    ids = set()
    for _ in range(5):
        ids.add(new_pair(url).session(-_GRACE))

    seen: list[UUID] = []
    while batch := rows(url, WORKER, "close_overdue_sessions", p_limit=2):
        assert len(batch) <= 2
        seen += [row["session_id"] for row in batch]

    assert len(seen) == len(set(seen))
    assert ids <= set(seen)


def test_unfinished_and_closed_sessions_are_left_alone(url: str) -> None:
    planned, running, cancelled = (new_pair(url) for _ in range(3))
    ids = {
        planned: planned.session(),
        running: running.session(timedelta(hours=-23)),
        cancelled: cancelled.session(),
    }
    call(url, cancelled.first, "cancel_session", p_session_id=ids[cancelled])
    move_start(url, ids[cancelled], timedelta(days=-2))

    closed = _closed(url)

    assert not closed.keys() & set(ids.values())
    stored = [each.read(session_id)["status"] for each, session_id in ids.items()]
    assert stored == ["scheduled", "scheduled", "cancelled"]


# --- invitations


def _invitation(url: str, status: str = "pending") -> UUID:
    match_id = new_match(url, new_person(url), new_person(url), status)
    look(url, "update public.wingman_matches set expires_at = now() where id = %s", match_id)
    return match_id


def _status(url: str, match_id: object) -> str:
    (row,) = look(url, "select status from public.wingman_matches where id = %s", match_id)
    return str(row["status"])


def test_an_invitation_expires_exactly_on_time(url: str) -> None:
    match_id = _invitation(url)
    place = (url, "wingman_matches", "expires_at", match_id)

    _at_age(*place, -_MOMENT, "expire_matches")
    assert _status(url, match_id) == "pending"
    _at_age(*place, timedelta(), "expire_matches")
    assert _status(url, match_id) == "expired"


@pytest.mark.parametrize("status", ["accepted", "declined", "withdrawn"])
def test_an_answered_invitation_does_not_expire(url: str, status: str) -> None:
    match_id = _invitation(url, status)

    call(url, WORKER, "expire_matches", p_limit=1000)

    assert _status(url, match_id) == status


def test_an_invitation_that_could_not_be_sent_in_time_is_not_sent(url: str) -> None:
    maya, leo = new_person(url), new_person(url)
    answer = call(url, maya, "request_match", **invitation(leo))
    match_id = answer["match"]["id"]
    look(url, "update public.wingman_matches set expires_at = now() where id = %s", match_id)

    call(url, WORKER, "expire_matches", p_limit=1000)

    assert email_row(url, answer["due"][0]["id"])["delivery_status"] == "cancelled"


def test_two_workers_expire_each_invitation_once(url: str) -> None:
    call(url, WORKER, "expire_matches", p_limit=1000)
    for _ in range(20):
        _invitation(url)

    def work(connection: Connection) -> list[int]:
        counts = []
        while count := invoke(connection, "expire_matches", p_limit=3)[0]["expire_matches"]:
            counts.append(count)
        return counts

    outcomes = race(url, [(WORKER, work), (WORKER, work)])

    assert sum(sum(each) for each in outcomes) == 20
    assert all(count <= 3 for each in outcomes for count in each)


def test_an_answer_that_is_being_given_is_left_alone(url: str) -> None:
    match_id = _invitation(url)

    with acting_as(url, new_person(url)) as answering:
        answering.execute("reset role")
        answering.execute("select from public.wingman_matches where id = %s for update", [match_id])
        with acting_as(url, WORKER) as worker:
            worker.execute("set local lock_timeout = '1s'")
            invoke(worker, "expire_matches", p_limit=1000)

    assert _status(url, match_id) == "pending"
