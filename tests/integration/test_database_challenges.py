"""Challenges: `list_challenges`, `submit_challenge`, `get_submission`, `list_submissions`."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.connections import Connection
from tests.integration.database import (
    ANONYMOUS,
    Person,
    acting_as,
    call,
    invoke,
    look,
    new_person,
    race,
    sqlstate,
)
from tests.integration.meetings import (
    ADVANCED,
    BEGINNER,
    Pair,
    at_the_moment,
    new_pair,
    refused_at_the_moment,
)

_KEY: dict[str, Any] = {"p_idempotency_key": "key-1", "p_request_hash": "hash-1"}
_MOMENT = timedelta(microseconds=1)


def _attempt(challenge_id: UUID = BEGINNER, **changes: object) -> dict[str, Any]:
    params = {
        "p_session_id": None,
        "p_outcome": "done",
        "p_reflection": "It was easier than I thought.",
        "p_window_days": 7,
    }
    return {"p_challenge_id": challenge_id} | params | changes


def _submit(url: str, person: Person, **changes: object) -> Any:
    return call(url, person, "submit_challenge", **_attempt(**changes))  # type: ignore[arg-type]


def _refusal(url: str, person: Person, **changes: object) -> tuple[str | None, str]:
    return sqlstate(url, person, "submit_challenge", **_attempt(**changes))  # type: ignore[arg-type]


def _retired(url: str) -> UUID:
    (row,) = look(
        url,
        "insert into public.challenges (difficulty, title, description, points, active)"
        " values ('beginner', 'Old', 'Old', 10, false) returning id",
    )
    return UUID(str(row["id"]))


# --- offered challenges


def test_twelve_challenges_are_offered_to_anyone(url: str) -> None:
    offered = call(url, ANONYMOUS, "list_challenges")

    assert set(offered[0]) == {"id", "difficulty", "title", "description", "points"}
    assert Counter(each["difficulty"] for each in offered) == {
        "beginner": 4,
        "intermediate": 4,
        "advanced": 4,
    }
    points = [each["points"] for each in offered]
    assert points == sorted(points)
    assert (points[0], points[-1]) == (10, 100)
    assert len({each["title"] for each in offered}) == 12


@pytest.mark.parametrize("difficulty", ["beginner", "intermediate", "advanced"])
def test_a_difficulty_filters_the_challenges(url: str, maya: Person, difficulty: str) -> None:
    offered = call(url, maya, "list_challenges", p_difficulty=difficulty)

    assert [each["difficulty"] for each in offered] == [difficulty] * 4


def test_an_unknown_difficulty_offers_nothing(url: str, maya: Person) -> None:
    assert call(url, maya, "list_challenges", p_difficulty="heroic") == []


def test_a_retired_challenge_is_not_offered_any_more(url: str, maya: Person) -> None:
    retired = _retired(url)

    for actor in (maya, ANONYMOUS):
        assert str(retired) not in [each["id"] for each in call(url, actor, "list_challenges")]


@pytest.mark.parametrize("actor", [ANONYMOUS, Person("authenticated", uuid4())])
@pytest.mark.parametrize(
    "statement",
    ["update public.challenges set points = 100", "delete from public.challenges"],
)
def test_users_cannot_change_the_offered_challenges(
    url: str, actor: Person, statement: str
) -> None:
    with acting_as(url, actor) as connection, pytest.raises(Exception, match="permission denied"):
        connection.execute(statement.encode())


# --- attempts


def test_an_attempt_is_recorded(url: str, maya: Person) -> None:
    answer = _submit(url, maya, p_outcome="partly")

    submission = answer["submission"]
    assert submission.pop("id")
    assert submission.pop("created_at").endswith("Z")
    assert submission == {
        "challenge_id": str(BEGINNER),
        "session_id": None,
        "outcome": "partly",
        "reflection": "It was easier than I thought.",
    }
    assert answer["replayed"] is False


def test_only_offered_challenges_can_be_attempted(url: str, maya: Person) -> None:
    for challenge_id in (uuid4(), _retired(url)):
        assert _refusal(url, maya, challenge_id=challenge_id) == ("WC001", "not_found")


def test_a_challenge_of_a_session_may_have_been_retired_since(pair: Pair) -> None:
    session_id = pair.session()
    retired = _retired(pair.url)
    pair.store(session_id, user2_challenge_id=retired)

    answer = _submit(pair.url, pair.first, challenge_id=retired, p_session_id=session_id)

    assert answer["submission"]["session_id"] == str(session_id)


def test_a_session_of_other_users_is_not_found(pair: Pair) -> None:
    session_id = pair.session(p_user1_challenge_id=BEGINNER)

    refused = _refusal(pair.url, new_person(pair.url), p_session_id=session_id)

    assert refused == ("WS001", "not_found")


def test_the_challenge_must_be_one_of_the_session(pair: Pair) -> None:
    for chosen in ({}, {"p_user1_challenge_id": ADVANCED, "p_user2_challenge_id": ADVANCED}):
        other = new_pair(pair.url)
        session_id = other.session(**chosen)

        assert _refusal(pair.url, other.first, p_session_id=session_id) == ("WC001", "not_found")


def test_the_window_ends_exactly_a_week_after_the_start_of_the_session(pair: Pair) -> None:
    session_id = pair.session(p_user1_challenge_id=BEGINNER)
    week = timedelta(days=-7)
    attempt = _attempt()
    del attempt["p_session_id"]

    in_time = at_the_moment(pair, session_id, week, "submit_challenge", **attempt)
    too_late = refused_at_the_moment(
        pair, session_id, week - _MOMENT, "submit_challenge", **attempt
    )

    assert in_time["submission"]["session_id"] == str(session_id)
    assert too_late == "submission_window_closed"


@pytest.mark.parametrize(("window", "closed_after"), [(2, 2), (1000, 7), (None, 7)])
def test_the_window_is_the_smaller_of_the_callers_and_ours(
    pair: Pair, window: int | None, closed_after: int
) -> None:
    session_id = pair.session(p_user1_challenge_id=BEGINNER)
    attempt = _attempt(p_window_days=window)
    del attempt["p_session_id"]
    days, minute = timedelta(days=closed_after), timedelta(minutes=1)

    too_late = refused_at_the_moment(
        pair, session_id, -days - minute, "submit_challenge", **attempt
    )
    assert too_late == "submission_window_closed"
    assert at_the_moment(pair, session_id, minute - days, "submit_challenge", **attempt)


@pytest.mark.parametrize("outcome", ["won", ""])
def test_an_unknown_outcome_is_refused(url: str, maya: Person, outcome: str) -> None:
    assert _refusal(url, maya, p_outcome=outcome)[0] == "23514"


def test_a_token_of_a_deleted_user_submits_and_lists_nothing(url: str) -> None:
    gone = Person("authenticated", uuid4())

    assert _refusal(url, gone) == ("WA001", "unauthenticated")
    assert sqlstate(url, gone, "list_submissions") == ("WA001", "unauthenticated")
    one = {"p_submission_id": uuid4()}
    assert sqlstate(url, gone, "get_submission", **one) == ("WA001", "unauthenticated")


def test_simultaneous_first_uses_of_a_key_submit_once_and_replay(url: str, maya: Person) -> None:
    def submit(connection: Connection) -> object:
        (row,) = invoke(connection, "submit_challenge", **_attempt(**_KEY))
        return row["submit_challenge"]

    answers = race(url, [(maya, submit)] * 8)

    assert sorted(answer["replayed"] for answer in answers) == [False] + [True] * 7
    assert len({answer["submission"]["id"] for answer in answers}) == 1


def test_a_key_of_another_request_is_refused(url: str, maya: Person) -> None:
    _submit(url, maya, **_KEY)

    refused = _refusal(url, maya, **_KEY | {"p_request_hash": "hash-2"})

    assert refused == ("WA002", "idempotency_key_reused")


# --- reading attempts


def test_a_user_reads_only_their_own_attempts(url: str, maya: Person) -> None:
    made = _submit(url, maya)["submission"]
    one = {"p_submission_id": UUID(made["id"])}

    assert call(url, maya, "get_submission", **one) == made
    assert sqlstate(url, new_person(url), "get_submission", **one) == ("WC003", "not_found")


def test_a_user_lists_only_their_own_attempts_newest_first(url: str, maya: Person) -> None:
    _submit(url, new_person(url))
    ids = [_submit(url, maya)["submission"]["id"] for _ in range(3)]

    listed = call(url, maya, "list_submissions")

    assert [each["id"] for each in listed] == ids[::-1]


def test_pages_have_no_gaps_even_within_one_instant(url: str, maya: Person) -> None:
    stored = {_submit(url, maya)["submission"]["id"] for _ in range(5)}
    look(
        url,
        "update public.challenge_submissions set created_at = '2026-01-01Z' where user_id = %s",
        maya.user_id,
    )

    seen: list[str] = []
    before: dict[str, object] = {}
    while page := call(url, maya, "list_submissions", p_limit=2, **before):
        seen += [each["id"] for each in page]
        before = {
            "p_before_created_at": page[-1]["created_at"],
            "p_before_id": UUID(page[-1]["id"]),
        }

    assert (len(seen), set(seen)) == (5, stored)


def test_attempts_outlive_their_session_and_go_with_their_account(pair: Pair) -> None:
    session_id = pair.session(p_user1_challenge_id=BEGINNER)
    for person in (pair.first, pair.second):
        _submit(pair.url, person, p_session_id=session_id)

    look(pair.url, "delete from auth.users where id = %s", pair.second.user_id)

    (left,) = call(pair.url, pair.first, "list_submissions")
    assert left["session_id"] is None
    stored = look(
        pair.url,
        "select user_id from public.challenge_submissions where user_id = any(%s)",
        [pair.first.user_id, pair.second.user_id],
    )
    assert stored == [{"user_id": pair.first.user_id}]
