import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.meetings import ADVANCED, BEGINNER, in_days, match, meeting
from tests.support.people import People, Person
from wingman.kit.limits.limiter import limiter
from wingman.notifications.email.limits import EMAIL

Load = Callable[..., Function]
Answer = tuple[int, Any, dict[str, str]]

FIELDS = {
    "id", "match_id", "venue_name", "scheduled_time", "status", "user1_challenge_id",
    "user2_challenge_id", "user1_completed_confirmed_by_user2",
    "user2_completed_confirmed_by_user1", "no_show_user_ids", "cancelled_by", "cancel_reason",
    "notes", "completed_at", "created_at", "updated_at", "partner",
}  # fmt: skip


def plan(app: Function, person: Person, match_id: str, key: str = "", /, **changes: Any) -> Answer:
    values = {"match_id": match_id, "scheduled_time": in_days(3)}
    event = app.event(
        "create", access_token=person.token, idempotency_key=key or str(uuid4()), **values
    )
    event["body"] = json.dumps(json.loads(event["body"]) | changes)
    answer = app.invoke(event)
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    return answer["statusCode"], json.loads(answer["body"]), headers


@pytest.fixture
def pair(people: People) -> tuple[Person, Person, str]:
    maya, leo = people.pair()
    return maya, leo, match(people, maya, leo)


def test_a_planned_session_has_the_requested_values(
    function: Load, pair: tuple[Person, Person, str]
) -> None:
    maya, _, match_id = pair
    status, session, _ = plan(
        function("session_create"),
        maya,
        match_id,
        scheduled_time=(datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT20:00:00+05:45"),
        user1_challenge_id=str(BEGINNER),
        user2_challenge_id=str(BEGINNER),
    )
    assert status == 201
    assert set(session) == FIELDS
    assert session["match_id"] == match_id
    assert session["status"] == "scheduled"
    assert session["scheduled_time"].endswith("T14:15:00Z")
    assert session["user1_challenge_id"] == session["user2_challenge_id"] == str(BEGINNER)
    assert session["no_show_user_ids"] == []
    assert session["created_at"].endswith("Z")


def test_either_user_may_plan(function: Load, pair: tuple[Person, Person, str]) -> None:
    _, leo, match_id = pair
    assert plan(function("session_create"), leo, match_id)[0] == 201


def test_upper_case_ids_are_accepted(function: Load, pair: tuple[Person, Person, str]) -> None:
    maya, _, match_id = pair
    challenge = str(ADVANCED).upper()
    status, session, _ = plan(
        function("session_create"), maya, match_id.upper(), user2_challenge_id=challenge
    )
    assert (status, session["match_id"]) == (201, match_id)
    assert session["user2_challenge_id"] == str(ADVANCED)


def test_the_same_key_returns_the_first_session(
    function: Load, pair: tuple[Person, Person, str]
) -> None:
    maya, _, match_id = pair
    app, key, when = function("session_create"), str(uuid4()), in_days(3)
    _, first, first_headers = plan(app, maya, match_id, key, scheduled_time=when)
    status, second, second_headers = plan(app, maya, match_id, key, scheduled_time=when)
    assert (status, second) == (201, first)
    assert "idempotent-replayed" not in first_headers
    assert second_headers["idempotent-replayed"] == "true"
    assert {first_headers["location"], second_headers["location"]} == {
        f"/api/sessions/{first['id']}"
    }
    status, problem, _ = plan(app, maya, match_id, key, scheduled_time=in_days(4))
    assert (status, problem["code"]) == (409, "idempotency_key_reused")


def test_a_match_has_one_open_session(function: Load, people: People) -> None:
    planned = meeting(people)
    status, problem, _ = plan(function("session_create"), planned.leo, planned.match_id)
    assert (status, problem["code"]) == (409, "session_already_open")


@pytest.mark.parametrize("status", ["pending", "declined", "expired", "withdrawn"])
def test_only_an_accepted_match_has_sessions(function: Load, people: People, status: str) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo, status)
    answer, problem, _ = plan(function("session_create"), maya, match_id)
    assert (answer, problem["code"]) == (409, "match_not_accepted")


def test_a_missing_resource_is_a_404(
    function: Load, people: People, pair: tuple[Person, Person, str]
) -> None:
    maya, _, match_id = pair
    app = function("session_create")
    stranger, nothing = people.new(), str(uuid4())
    refused = [
        plan(app, stranger, match_id),
        plan(app, maya, nothing),
        plan(app, maya, match_id, user1_challenge_id=nothing),
    ]
    assert [(status, problem["code"]) for status, problem, _ in refused] == [(404, "not_found")] * 3


@pytest.mark.parametrize(
    "when",
    [
        "2026-12-05T18:30:00",
        "2020-12-05T18:30:00Z",
        pytest.param(in_days(-0.001), id="a moment ago"),
        pytest.param(in_days(0.01), id="in 14 minutes"),
        pytest.param(in_days(366.1), id="in more than a year"),
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "2026-12-05",
        "18:30",
        1_796_126_400,
        "1796126400",
        None,
        "",
        "tomorrow",
    ],
)
def test_a_time_that_cannot_be_planned_is_a_422(
    function: Load, pair: tuple[Person, Person, str], when: object
) -> None:
    maya, _, match_id = pair
    status, problem, _ = plan(function("session_create"), maya, match_id, scheduled_time=when)
    assert (status, problem["code"]) == (422, "invalid_request")
    assert [error["field"] for error in problem["errors"]] == ["scheduled_time"]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("venue_name", ""),
        ("venue_name", "   "),
        ("venue_name", "V" * 201),
        ("venue_name", "two\nlines"),
        ("notes", "N" * 2001),
        ("notes", "N" * 5000),
        ("notes", "null\x00byte"),
        ("match_id", "nope"),
        ("user1_challenge_id", 7),
        ("surprise", 1),
    ],
)
def test_an_invalid_field_is_a_422(
    function: Load, pair: tuple[Person, Person, str], field: str, text: object
) -> None:
    maya, _, match_id = pair
    status, problem, _ = plan(function("session_create"), maya, match_id, **{field: text})
    assert (status, problem["code"]) == (422, "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize("notes", ["", "N" * 2000, "a line\nand another", None])
def test_notes_may_be_empty_or_long(
    function: Load, pair: tuple[Person, Person, str], notes: str | None
) -> None:
    maya, _, match_id = pair
    status, session, _ = plan(function("session_create"), maya, match_id, notes=notes)
    assert (status, session["notes"]) == (201, notes)


def test_planning_and_cancelling_in_turn_is_limited(
    function: Load, pair: tuple[Person, Person, str]
) -> None:
    """Plans and changes share one bucket; it never refuses a cancellation."""
    maya, leo, match_id = pair
    app, manage = function("session_create"), function("session_manage")

    def call_off(session: Any) -> int:
        values = {"access_token": maya.token, "session_id": session["id"]}
        return int(manage.call("cancel", **values)[0])

    for _ in range(3):
        status, session, _ = plan(app, maya, match_id)
        assert (status, call_off(session)) == (201, 200)
    status, problem, headers = plan(app, maya, match_id)
    assert (status, problem["code"]) == (429, "rate_limited")
    assert 0 < int(headers["retry-after"]) <= 100

    status, session, _ = plan(app, leo, match_id)
    changed = {"session_id": session["id"], "scheduled_time": in_days(5)}
    assert (status, manage.call("reschedule", access_token=maya.token, **changed)[0]) == (201, 429)
    assert call_off(session) == 200


def test_a_refused_plan_costs_no_token(function: Load, pair: tuple[Person, Person, str]) -> None:
    maya, _, match_id = pair
    app = function("session_create")
    for _ in range(4):
        assert plan(app, maya, match_id, scheduled_time=in_days(-1))[0] == 422
        assert plan(app, maya, match_id, venue_name="")[0] == 422
        assert plan(app, maya, str(uuid4()))[0] == 404
    _, _, headers = plan(app, maya, match_id)
    assert '"email";r=2;' in headers["ratelimit"]


def test_a_replayed_answer_costs_no_token(function: Load, pair: tuple[Person, Person, str]) -> None:
    maya, _, match_id = pair
    app, key, when = function("session_create"), str(uuid4()), in_days(3)
    left = [
        plan(app, maya, match_id, key, scheduled_time=when)[2]["ratelimit"].split(",")[0]
        for _ in range(5)
    ]
    # The header is written before the refund, so a replay still shows its own charge.
    assert [each.split(";")[1] for each in left] == ["r=2", "r=1", "r=1", "r=1", "r=1"]


def test_a_refused_plan_costs_no_token_without_redis(
    function: Load, pair: tuple[Person, Person, str]
) -> None:
    maya, _, match_id = pair
    app = function("session_create", UPSTASH_REDIS_REST_URL="http://127.0.0.1:9")
    assert [plan(app, maya, match_id, venue_name="")[0] for _ in range(5)] == [422] * 5


def test_a_bucket_in_shadow_is_refunded_only_its_charge(
    function: Load, pair: tuple[Person, Person, str]
) -> None:
    maya, _, match_id = pair
    app, bucket = function("session_create", RATE_LIMIT_SHADOW="email"), EMAIL.key(str(maya.id))

    assert plan(app, maya, match_id, venue_name="")[0] == 422
    assert limiter().peek({bucket: EMAIL})[0].remaining == 3

    limiter().take({bucket: EMAIL}, cost=3)
    assert plan(app, maya, match_id, venue_name="")[0] == 422
    assert limiter().peek({bucket: EMAIL})[0].remaining == 0
    assert plan(app, maya, match_id)[0] == 201


def test_a_refused_plan_makes_two_calls_to_redis(
    function: Load, pair: tuple[Person, Person, str], calls: list[str]
) -> None:
    maya, _, match_id = pair
    app = function("session_create")
    plan(app, maya, match_id, venue_name="")  # loads the scripts into Redis
    calls.clear()
    assert plan(app, maya, match_id, venue_name="")[0] == 422
    assert calls == ["POST /", "POST /"]


def test_a_warm_plan_makes_three_calls(function: Load, people: People, calls: list[str]) -> None:
    """The calls go to Redis, the database and the queue."""
    app = function("session_create")
    for _ in range(2):
        maya, leo = people.pair()
        match_id = match(people, maya, leo)
        calls.clear()
        assert plan(app, maya, match_id)[0] == 201
    assert calls == ["POST /", "POST /rest/v1/rpc/create_session", "POST /"]
