import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.meetings import ADVANCED, BEGINNER, meeting
from tests.support.people import People, Person
from tests.support.redis import DirectCommands

Load = Callable[..., Function]
Answer = tuple[int, Any, dict[str, str]]


@pytest.fixture
def cold(stack: dict[str, str]) -> Iterator[None]:
    """Remove the cached lists from Redis."""
    redis = DirectCommands(stack["REDIS_URL"])
    keys = [f"challenges:{name}" for name in ("all", "beginner", "intermediate", "advanced")]
    redis.run("DEL", *keys)
    yield
    redis.run("DEL", *keys)


def submit(app: Function, person: Person, challenge_id: object, body: Any, key: str = "") -> Answer:
    event = app.event(
        "submit_alone",
        access_token=person.token,
        challenge_id=str(challenge_id),
        idempotency_key=key or str(uuid4()),
    )
    event["body"] = json.dumps(body)
    answer = app.invoke(event)
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    return answer["statusCode"], json.loads(answer["body"]), headers


@pytest.mark.usefixtures("cold")
def test_anyone_sees_the_available_challenges(function: Load) -> None:
    status, listed, headers = function("challenges").call("list")
    assert status == 200
    assert listed["count"] == len(listed["challenges"]) == 12
    assert set(listed["challenges"][0]) == {"id", "difficulty", "title", "description", "points"}
    assert all(10 <= challenge["points"] <= 100 for challenge in listed["challenges"])
    assert (headers["cache-control"], headers["age"]) == ("public, max-age=600", "0")
    assert headers["x-cache"] == "miss"
    assert headers["ratelimit-policy"].startswith('"public";q=100')


@pytest.mark.parametrize("difficulty", ["beginner", "intermediate", "advanced"])
def test_each_difficulty_has_four_challenges(function: Load, difficulty: str) -> None:
    app = function("challenges")
    event = app.event("beginner")
    event["rawQueryString"] = f"difficulty={difficulty}"
    listed = json.loads(app.invoke(event)["body"])
    assert listed["count"] == 4
    assert {challenge["difficulty"] for challenge in listed["challenges"]} == {difficulty}


def test_an_unknown_difficulty_is_a_422(function: Load) -> None:
    app = function("challenges")
    event = app.event("beginner")
    event["rawQueryString"] = "difficulty=impossible"
    answer = app.invoke(event)
    assert answer["statusCode"] == 422
    assert json.loads(answer["body"])["errors"][0]["field"] == "difficulty"


@pytest.mark.usefixtures("cold")
def test_the_list_is_cached_for_ten_minutes(
    function: Load, calls: list[str], stack: dict[str, str]
) -> None:
    app = function("challenges")
    app.call("list")
    calls.clear()
    _, _, headers = app.call("list")
    assert (calls, headers["x-cache"]) == (["POST /"], "hit")
    redis = DirectCommands(stack["REDIS_URL"])
    redis.run("HINCRBY", "challenges:all", "stored_at", -500_000)
    assert app.call("list")[2]["age"] == "500"
    redis.run("HINCRBY", "challenges:all", "stored_at", -100_000)
    assert app.call("list")[2]["x-cache"] == "miss"


def test_an_attempt_without_a_session_is_accepted(function: Load, people: People) -> None:
    maya, app = people.new(), function("challenges")
    status, submission, headers = submit(
        app, maya, str(BEGINNER).upper(), {"outcome": "partly", "reflection": "Almost."}
    )
    assert status == 201
    assert set(submission) == {
        "id", "challenge_id", "session_id", "outcome", "reflection", "created_at",
    }  # fmt: skip
    assert submission["challenge_id"] == str(BEGINNER)
    assert submission["session_id"] is None
    assert headers["ratelimit-policy"].startswith('"challenge-submissions";q=20;w=100')


def test_the_same_key_submits_once(function: Load, people: People) -> None:
    maya, app, key = people.new(), function("challenges"), str(uuid4())
    _, first, _ = submit(app, maya, BEGINNER, {"outcome": "done"}, key)
    status, second, headers = submit(app, maya, BEGINNER, {"outcome": "done"}, key)
    assert (status, second, headers["idempotent-replayed"]) == (201, first, "true")
    assert submit(app, maya, BEGINNER, {"outcome": "partly"}, key)[0] == 409
    assert submit(app, maya, ADVANCED, {"outcome": "done"}, key)[0] == 409


def test_the_challenge_of_a_session_can_be_submitted_for_seven_days(
    function: Load, people: People
) -> None:
    planned, app = meeting(people, user2_challenge_id=BEGINNER), function("challenges")
    body = {"outcome": "done", "session_id": planned.session_id.upper()}
    planned.starts_in(-timedelta(days=6, hours=23))
    status, submission, _ = submit(app, planned.leo, BEGINNER, body)
    assert (status, submission["session_id"]) == (201, planned.session_id)
    planned.starts_in(-timedelta(days=7, minutes=1))
    status, problem, _ = submit(app, planned.leo, BEGINNER, body)
    assert (status, problem["code"]) == (409, "submission_window_closed")


def test_an_operator_may_shorten_the_window(function: Load, people: People) -> None:
    planned = meeting(people, user1_challenge_id=BEGINNER)
    planned.starts_in(-timedelta(days=1, minutes=1))
    app = function("challenges", CHALLENGE_DURATION_DAYS="1")
    body = {"outcome": "done", "session_id": planned.session_id}
    assert submit(app, planned.maya, BEGINNER, body)[1]["code"] == "submission_window_closed"


def test_a_missing_resource_is_a_404(function: Load, people: People) -> None:
    planned, app = meeting(people, user1_challenge_id=BEGINNER), function("challenges")
    at = {"outcome": "done", "session_id": planned.session_id}
    refused = [
        submit(app, planned.maya, uuid4(), {"outcome": "done"}),
        submit(app, planned.maya, ADVANCED, at),
        submit(app, people.new(), BEGINNER, at),
        submit(app, planned.maya, BEGINNER, at | {"session_id": str(uuid4())}),
    ]
    assert [(status, problem["code"]) for status, problem, _ in refused] == [(404, "not_found")] * 4


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"outcome": "maybe"}, "outcome"),
        ({}, "outcome"),
        ({"outcome": "done", "reflection": "R" * 2001}, "reflection"),
        ({"outcome": "done", "reflection": "R" * 5000}, "reflection"),
        ({"outcome": "done", "session_id": "nope"}, "session_id"),
        ({"outcome": "done", "points": 100}, "points"),
    ],
)
def test_an_invalid_attempt_is_a_422(function: Load, people: People, body: Any, field: str) -> None:
    status, problem, _ = submit(function("challenges"), people.new(), BEGINNER, body)
    assert (status, problem["errors"][0]["field"]) == (422, field)


def test_the_location_of_an_attempt_leads_only_its_user_to_it(
    function: Load, people: People
) -> None:
    maya, app = people.new(), function("challenges")
    _, made, headers = submit(app, maya, BEGINNER, {"outcome": "done", "reflection": "Easy."})
    assert headers["location"] == f"/api/submissions/{made['id']}"
    one = {"submission_id": made["id"]}
    assert app.call("submission", access_token=maya.token, **one)[:2] == (200, made)
    status, problem, _ = app.call("submission", access_token=people.new().token, **one)
    assert (status, problem["code"]) == (404, "not_found")


def test_users_list_their_own_attempts_in_pages(function: Load, people: People) -> None:
    maya, app = people.new(), function("challenges")
    made = [submit(app, maya, BEGINNER, {"outcome": "done"})[1]["id"] for _ in range(3)]
    submit(app, people.new(), BEGINNER, {"outcome": "done"})

    def page(query: str) -> Any:
        event = app.event("submissions", access_token=maya.token)
        event["rawQueryString"] = query
        return json.loads(app.invoke(event)["body"])

    first = page("limit=2")
    second = page(f"limit=2&cursor={first['next_cursor']}")
    seen = [one["id"] for part in (first, second) for one in part["submissions"]]
    assert seen == list(reversed(made))
    assert second["next_cursor"] is None


def test_attempts_need_a_token(function: Load) -> None:
    app = function("challenges")
    for case in ("submissions", "submit"):
        event = app.event(case, challenge_id=str(BEGINNER), session_id=str(uuid4()))
        del event["headers"]["authorization"]
        assert app.invoke(event)["statusCode"] == 401
