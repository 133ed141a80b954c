"""Planning a meeting: `create_session`."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.integration.connections import Connection, connected
from tests.integration.database import Person, call, invoke, look, new_person, race, sqlstate
from tests.integration.meetings import (
    ADVANCED,
    BEGINNER,
    Pair,
    answered_emails,
    emails,
    new_match,
    planned,
    refusal,
)

_FIELDS = {
    *("id", "match_id", "venue_name", "scheduled_time", "status"),
    *("user1_challenge_id", "user2_challenge_id"),
    *("user1_completed_confirmed_by_user2", "user2_completed_confirmed_by_user1"),
    *("no_show_user_ids", "cancelled_by", "cancel_reason", "notes"),
    *("completed_at", "created_at", "updated_at", "partner"),
}
_KEY: dict[str, Any] = {"p_idempotency_key": "key-1", "p_request_hash": "hash-1"}


def _refusal(pair: Pair, person: Person, start: timedelta, **changes: object) -> object:
    params = planned(pair.match_id, start, changes)
    return sqlstate(pair.url, person, "create_session", **params)


_SOON = timedelta(days=3)
_MOMENT = timedelta(microseconds=1)


def test_a_session_is_scheduled_on_an_accepted_match(pair: Pair) -> None:
    params = planned(pair.match_id, _SOON, {"p_notes": "Bring a pen"})
    answer = call(
        pair.url,
        pair.second,
        "create_session",
        **params,
        p_user1_challenge_id=BEGINNER,
        p_user2_challenge_id=ADVANCED,
    )

    session = answer["session"]
    assert set(session) == _FIELDS
    assert (session["match_id"], session["status"]) == (str(pair.match_id), "scheduled")
    assert (session["venue_name"], session["notes"]) == ("Café Central", "Bring a pen")
    assert session["scheduled_time"] == params["p_scheduled_time"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert session["user1_challenge_id"] == str(BEGINNER)
    assert session["user2_challenge_id"] == str(ADVANCED)
    assert (answer["replayed"], answer["changed_users"]) == (False, [])


def test_both_users_may_have_the_same_challenge(pair: Pair) -> None:
    both = {"p_user1_challenge_id": BEGINNER, "p_user2_challenge_id": BEGINNER}

    session = pair.plan(**both)["session"]

    assert session["user1_challenge_id"] == session["user2_challenge_id"] == str(BEGINNER)


def test_both_users_get_an_urgent_email_with_their_own_challenge(pair: Pair) -> None:
    answer = pair.plan(p_user1_challenge_id=BEGINNER)

    first, second = sorted(
        answered_emails(pair.url, answer), key=lambda email: email["user_id"] != pair.first.user_id
    )
    assert {each["priority"] for each in answer["due"]} == {"urgent"}
    assert first["email_template"] == second["email_template"] == "session_scheduled"
    assert (first["recipient_email"], second["recipient_email"]) == (
        pair.first.email,
        pair.second.email,
    )
    session = answer["session"]
    assert first["template_data"] == {
        "partner_name": "Leo",
        "venue_name": "Café Central",
        "scheduled_time": session["scheduled_time"],
        "session_id": session["id"],
        "challenge_title": "Learn a name and use it",
        "challenge_description": "Ask someone who serves you today for their name,"
        " and say goodbye with it.",
    }
    assert second["template_data"]["partner_name"] == "Maya"
    assert "challenge_title" not in second["template_data"]


@pytest.mark.parametrize("status", ["pending", "declined", "withdrawn", "expired"])
def test_only_an_accepted_match_can_meet(url: str, status: str) -> None:
    first, second = new_person(url), new_person(url)
    params = planned(new_match(url, first, second, status))

    assert sqlstate(url, first, "create_session", **params) == ("WS002", "match_not_accepted")


def test_a_match_that_is_not_the_callers_is_not_found(pair: Pair) -> None:
    stranger = new_person(pair.url)

    assert _refusal(pair, stranger, _SOON) == ("WM002", "not_found")
    assert _refusal(pair, pair.first, _SOON, p_match_id=uuid4()) == ("WM002", "not_found")


def test_a_token_of_a_deleted_user_plans_nothing(pair: Pair) -> None:
    assert _refusal(pair, Person("authenticated", uuid4()), _SOON) == ("WA001", "unauthenticated")


@pytest.mark.parametrize("side", ["p_user1_challenge_id", "p_user2_challenge_id"])
def test_a_challenge_must_be_on_offer(pair: Pair, side: str) -> None:
    (retired,) = look(
        pair.url,
        "insert into public.challenges (difficulty, title, description, points, active)"
        " values ('beginner', 'Old', 'Old', 10, false) returning id",
    )

    for challenge in (uuid4(), retired["id"]):
        assert _refusal(pair, pair.first, _SOON, **{side: challenge}) == ("WC001", "not_found")


@pytest.mark.parametrize("when", ["now", "infinity", "-infinity", "2020-01-01Z", None])
def test_a_time_that_cannot_be_planned_is_refused(pair: Pair, when: str | None) -> None:
    refused = _refusal(pair, pair.first, _SOON, p_scheduled_time=when)

    assert refused == ("WS010", "invalid_scheduled_time")


@pytest.mark.parametrize("minutes", [15, 30])
def test_a_plan_precedes_its_start_by_the_lead(pair: Pair, minutes: int) -> None:
    lead = timedelta(minutes=minutes)
    with connected(pair.url) as connection:  # one transaction, in which no time passes
        connection.execute("update private.app_settings set session_lead_minutes = %s", [minutes])
        (row,) = connection.execute("select now() as at").fetchall()
        soon = planned(pair.match_id, changes={"p_scheduled_time": row["at"] + lead - _MOMENT})
        connection.execute(
            "select set_config('request.jwt.claims', %s, true)",
            [json.dumps({"sub": str(pair.first.user_id)})],
        )
        with pytest.raises(psycopg.Error) as refused, connection.transaction():
            invoke(connection, "create_session", **soon)
        enough = soon | {"p_scheduled_time": row["at"] + lead}
        (answer,) = invoke(connection, "create_session", **enough)
        connection.rollback()

    assert (refused.value.sqlstate, refused.value.diag.message_detail) == ("WS010", str(minutes))
    assert answer["create_session"]["session"]["status"] == "scheduled"


def test_a_replay_is_recognised_after_the_planned_time(pair: Pair) -> None:
    key = {"p_idempotency_key": "k", "p_request_hash": "h"}
    first = pair.plan(**key)

    again = pair.plan(timedelta(days=-1), **key)

    assert again == first | {"replayed": True, "due": []}


def test_a_year_ahead_is_the_farthest(pair: Pair) -> None:
    too_far = _refusal(pair, pair.first, timedelta(days=366, minutes=1))

    assert too_far == ("WS010", "invalid_scheduled_time")
    assert pair.plan(timedelta(days=364))["session"]["status"] == "scheduled"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("p_venue_name", "", "WA003"),
        ("p_venue_name", "x" * 201, "WA004"),
        ("p_notes", "x" * 2001, "WA004"),
    ],
)
def test_texts_have_a_maximum_length(pair: Pair, field: str, value: str, expected: str) -> None:
    state, _ = sqlstate(
        pair.url, pair.first, "create_session", **planned(pair.match_id, _SOON, {field: value})
    )
    assert state == expected


def test_a_match_has_one_open_session(pair: Pair) -> None:
    pair.plan()

    assert _refusal(pair, pair.second, _SOON) == ("WS003", "session_already_open")


def test_a_session_in_progress_is_still_open(pair: Pair) -> None:
    pair.session(timedelta(hours=-23))

    assert _refusal(pair, pair.second, _SOON) == ("WS003", "session_already_open")


def test_a_session_whose_grace_is_over_makes_room_by_closing(pair: Pair) -> None:
    first = pair.session(timedelta(hours=-1))
    call(pair.url, pair.first, "confirm_session", p_session_id=first)
    look(
        pair.url,
        "update public.wingman_sessions set scheduled_time = now() - interval '24 hours'"
        " where id = %s",
        first,
    )

    answer = pair.plan()

    assert answer["session"]["status"] == "scheduled"
    assert set(answer["changed_users"]) == {str(pair.first.user_id), str(pair.second.user_id)}
    assert pair.read(first)["status"] == "completed"
    assert len(emails(pair.url, first, "session_feedback")) == 2


def test_twenty_simultaneous_requests_plan_one_session(pair: Pair) -> None:
    def plan(connection: Connection) -> object:
        return invoke(connection, "create_session", **planned(pair.match_id))

    outcomes = race(pair.url, [(pair.first, plan), (pair.second, plan)] * 10)

    codes = [getattr(each, "sqlstate", "created") for each in outcomes]
    assert sorted(codes) == ["WS003"] * 19 + ["created"]
    stored = look(
        pair.url,
        "select count(*) as sessions from public.wingman_sessions where match_id = %s",
        pair.match_id,
    )
    assert stored == [{"sessions": 1}]


def test_simultaneous_first_uses_of_a_key_plan_once_and_replay(pair: Pair) -> None:
    params = planned(pair.match_id, _SOON, dict(_KEY))

    def plan(connection: Connection) -> object:
        (row,) = invoke(connection, "create_session", **params)
        return row["create_session"]

    answers = race(pair.url, [(pair.first, plan)] * 8)

    assert sorted(answer["replayed"] for answer in answers) == [False] + [True] * 7
    assert len({answer["session"]["id"] for answer in answers}) == 1
    assert sum(len(answer["due"]) for answer in answers) == 2


def test_a_replay_is_the_first_answer(pair: Pair) -> None:
    first = pair.plan(**_KEY)
    call(pair.url, pair.second, "cancel_session", p_session_id=first["session"]["id"])

    again = pair.plan(**_KEY)

    assert again == {**first, "replayed": True, "due": []}


def test_a_key_of_another_request_is_refused(pair: Pair) -> None:
    pair.plan(**_KEY)

    refused = _refusal(pair, pair.first, _SOON, **_KEY | {"p_request_hash": "hash-2"})

    assert refused == ("WA002", "idempotency_key_reused")


def test_a_refused_request_leaves_its_key_free(pair: Pair) -> None:
    _refusal(pair, pair.first, -_SOON, **_KEY)

    assert pair.plan(**_KEY)["replayed"] is False


def test_the_users_of_a_session_are_always_those_of_its_match(pair: Pair) -> None:
    session_id = pair.session()
    stranger = new_person(pair.url)
    look(
        pair.url,
        "update public.wingman_sessions set user1_id = %s where id = %s",
        *(stranger.user_id, session_id),
    )

    assert refusal(pair.url, stranger, "get_session", session_id) == "WS001 not_found"
    assert pair.read(session_id)["user1_id"] == pair.first.user_id
