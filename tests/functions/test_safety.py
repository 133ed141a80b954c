"""Blocks and reports, through the function `safety`."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.meetings import meeting
from tests.support.people import People, Person
from tests.support.profiles import Profiles, fields_of

Load = Callable[..., Function]
BLOCKS, REPORTS = "/api/blocks", "/api/reports"


class Safety(Profiles):
    """Calls the function `safety` in this process."""

    def send(
        self, person: Person, method: str, path: str, body: object = None, **headers: str
    ) -> Any:
        event = self.app.event("list_blocks", access_token=person.token)
        path, _, event["rawQueryString"] = path.partition("?")
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        event["requestContext"]["http"]["method"] = method
        if body is not None:
            event["headers"]["content-type"] = "application/json"
            event["body"] = json.dumps(body)
        return self.app.invoke(event)

    def block(self, person: Person, other: object) -> Any:
        return self.call(person, "PUT", f"{BLOCKS}/{other}")

    def blocked(self, person: Person, query: str = "") -> Any:
        return self.done(person, "GET", f"{BLOCKS}{query}")


@pytest.fixture
def safety(function: Load, people: People) -> Safety:
    return Safety(function("safety", ENABLE_RATE_LIMITING="false"), people)


def test_a_user_is_blocked_listed_and_unblocked(safety: Safety, people: People) -> None:
    maya, leo = people.pair()

    assert [safety.block(maya, leo.id) for _ in range(2)] == [(204, None)] * 2
    (listed,) = safety.blocked(maya)["blocks"]
    assert (set(listed), listed["user_id"]) == ({"user_id", "blocked_at"}, str(leo.id))
    assert safety.blocked(leo)["blocks"] == []

    for _ in range(2):
        assert safety.call(maya, "DELETE", f"{BLOCKS}/{leo.id}") == (204, None)
    assert safety.blocked(maya) == {"blocks": [], "next_cursor": None}


def test_blocks_are_listed_page_by_page(safety: Safety, people: People) -> None:
    maya, others = people.new(), [str(uuid4()) for _ in range(3)]
    for other in others:
        safety.block(maya, other)

    first = safety.blocked(maya, "?limit=2")
    second = safety.blocked(maya, f"?limit=2&cursor={first['next_cursor']}")

    listed = [each["user_id"] for each in first["blocks"] + second["blocks"]]
    assert (listed, second["next_cursor"]) == (others[::-1], None)


@pytest.mark.parametrize("other", ["self", "no id"])
def test_a_block_of_oneself_or_of_a_malformed_id_is_a_422(
    safety: Safety, people: People, other: str
) -> None:
    maya = people.new()
    status, problem = safety.block(maya, maya.id if other == "self" else "leo")
    assert (status, fields_of(problem)) == (422, ["user_id"])


def test_a_block_calls_the_meeting_off_without_a_name(safety: Safety, people: People) -> None:
    planned = meeting(people)

    assert safety.block(planned.maya, planned.leo.id)[0] == 204

    assert planned.stored("status") == "cancelled"
    announced = people.connection.execute(
        "select email_template, template_data::text from public.email_logs"
        " where user_id = %s and delivery_status <> 'cancelled'",
        [planned.leo.id],
    ).fetchall()
    assert [template for template, _ in announced] == ["session_called_off"]
    assert not any("Maya" in facts for _, facts in announced)


def test_a_report_is_taken_and_a_repeat_is_the_first_one(safety: Safety, people: People) -> None:
    maya, leo = people.pair()
    body = {"user_id": str(leo.id), "reason": "spam", "details": "Sells food."}

    status, made = safety.call(maya, "POST", REPORTS, body)

    assert (status, set(made)) == (201, {"id", "created_at"})
    assert safety.call(maya, "POST", REPORTS, body) == (201, made)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reason": "rude"}, "reason"),
        ({"details": "x" * 1001}, "details"),
        ({"photo_id": "1"}, "photo_id"),
        ({"mood": "bad"}, "mood"),
        ({"user_id": None}, "user_id"),
    ],
)
def test_an_invalid_report_is_a_422_that_names_the_field(
    safety: Safety, people: People, change: dict[str, object], field: str
) -> None:
    maya, leo = people.pair()
    body = {"user_id": str(leo.id), "reason": "spam"} | change

    status, problem = safety.call(maya, "POST", REPORTS, body)

    assert (status, fields_of(problem)) == (422, [field])


def test_a_report_of_oneself_is_a_422(safety: Safety, people: People) -> None:
    maya = people.new()
    body = {"user_id": str(maya.id), "reason": "other"}
    status, problem = safety.call(maya, "POST", REPORTS, body)
    assert (status, fields_of(problem)) == (422, ["user_id"])


def test_the_limits_of_a_day_are_429s(safety: Safety, people: People) -> None:
    maya = people.new()
    people.connection.execute(
        "insert into private.user_days (user_id, step, counted_on, step_count)"
        " select %s, step, (now() at time zone 'UTC')::date, 100000"
        " from unnest(array['put_block', 'create_report']) as step",
        [maya.id],
    )

    refused = [
        safety.block(maya, uuid4()),
        safety.call(maya, "POST", REPORTS, {"user_id": str(uuid4()), "reason": "spam"}),
    ]

    assert [(status, problem["code"]) for status, problem in refused] == [
        (429, "daily_block_limit"),
        (429, "daily_report_limit"),
    ]


def test_a_message_that_the_reporter_did_not_get_is_a_422(safety: Safety, people: People) -> None:
    maya, leo = people.pair()
    body = {"user_id": str(leo.id), "reason": "spam", "message_id": str(uuid4())}

    status, answer = safety.call(maya, "POST", REPORTS, body)

    assert (status, answer["errors"][0]["field"]) == (422, "message_id")


def test_a_block_hides_a_cached_reputation_and_its_end_shows_it_again(
    function: Load, safety: Safety, people: People
) -> None:
    maya, leo = people.pair()
    app = function("reputation", ENABLE_RATE_LIMITING="false")

    def read(reader: Person, other: Person) -> tuple[int, Any]:
        status, body, _ = app.call("get", access_token=reader.token, user_id=str(other.id))
        return status, body

    first = read(leo, maya)
    assert (first[0], "kept_from" in first[1]) == (200, False)

    safety.block(maya, leo.id)
    assert read(people.new(), maya)[0] == 200, "which fills the cache"
    assert (read(leo, maya)[0], read(maya, leo)[0]) == (404, 404)

    safety.done(maya, "DELETE", f"{BLOCKS}/{leo.id}")
    assert (read(leo, maya)[0], read(maya, leo)[0]) == (200, 200)


def test_a_request_calls_redis_and_the_database_once_each_and_drops_the_cache(
    function: Load, people: People, calls: list[str]
) -> None:
    safety, (maya, leo) = Safety(function("safety"), people), people.pair()
    redis = "POST /"
    body = {"user_id": str(leo.id), "reason": "spam"}
    safety.blocked(maya)
    for method, path, sent, rpc, after in (
        ("GET", BLOCKS, None, "list_blocks", []),
        ("PUT", f"{BLOCKS}/{leo.id}", None, "put_block", [redis]),
        ("DELETE", f"{BLOCKS}/{leo.id}", None, "delete_block", [redis]),
        ("POST", REPORTS, body, "create_report", [redis]),
    ):
        calls.clear()
        safety.done(maya, method, path, sent)
        assert calls == [redis, f"POST /rest/v1/rpc/{rpc}", *after]
