import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.meetings import Meeting, completed, meeting
from tests.support.people import People, Person
from tests.support.redis import DirectCommands

Load = Callable[..., Function]
Answer = tuple[int, Any, dict[str, str]]

# No server listens there.
NO_REDIS = {"UPSTASH_REDIS_REST_URL": "http://127.0.0.1:9"}


def read(app: Function, reader: Person, user_id: object) -> Answer:
    return app.call("get", access_token=reader.token, user_id=str(user_id))


def test_a_new_user_is_green_at_zero(function: Load, people: People) -> None:
    maya, app = people.new(), function("reputation")
    status, reputation, headers = read(app, maya, maya.id)
    at = datetime.fromisoformat(reputation.pop("cache_timestamp"))
    assert (status, headers["x-cache"]) == (200, "miss")
    assert reputation == {
        "score": 0,
        "badge_color": "green",
        "completed_sessions": 0,
        "no_shows": 0,
    }
    assert timedelta(0) <= datetime.now(UTC) - at < timedelta(seconds=10)


def test_signed_in_users_read_any_reputation(function: Load, people: People) -> None:
    maya, app = people.new(), function("reputation")
    for _ in range(10):
        completed(people, maya)
    status, reputation, headers = read(app, people.new(), str(maya.id).upper())
    assert (status, reputation["score"], reputation["badge_color"]) == (200, 10, "gold")
    assert headers["ratelimit-policy"].startswith('"user";q=100')


def test_the_second_read_is_a_cache_hit(function: Load, people: People) -> None:
    maya, app = people.new(), function("reputation")
    _, first, first_headers = read(app, maya, maya.id)
    _, second, second_headers = read(app, people.new(), maya.id)
    assert (first_headers["x-cache"], second_headers["x-cache"]) == ("miss", "hit")
    assert second == first


def test_an_unknown_user_is_a_404_each_time(function: Load, people: People) -> None:
    maya, app, unknown = people.new(), function("reputation"), uuid4()
    for _ in range(2):
        status, problem, _ = read(app, maya, unknown)
        assert (status, problem["code"]) == (404, "not_found")


def test_a_malformed_id_is_a_422(function: Load, people: People) -> None:
    status, problem, _ = read(function("reputation"), people.new(), "nope")
    assert (status, problem["code"]) == (422, "invalid_request")
    assert problem["errors"][0]["field"] == "user_id"


def test_requests_without_a_token_are_refused(function: Load, people: People) -> None:
    app = function("reputation")
    event = app.event("get", user_id=str(people.new().id))
    del event["headers"]["authorization"]
    assert app.invoke(event)["statusCode"] == 401


def test_reads_are_rate_limited(function: Load, people: People, stack: dict[str, str]) -> None:
    maya, app = people.new(), function("reputation")
    read(app, maya, maya.id)
    full_in_an_hour = int((time.time() + 3600) * 1_000_000)
    DirectCommands(stack["REDIS_URL"]).run("SET", f"ratelimit:user:{maya.id}", full_in_an_hour)
    status, problem, headers = read(app, maya, maya.id)
    assert (status, problem["code"]) == (429, "rate_limited")
    assert int(headers["retry-after"]) > 3000
    assert "x-cache" not in headers


def test_a_cached_read_is_one_call_and_an_uncached_one_is_three(
    function: Load, people: People, calls: list[str]
) -> None:
    """Redis charges the limits and reads, the database counts, and Redis stores the value."""
    maya, app = people.new(), function("reputation")
    read(app, people.new(), people.new().id)
    calls.clear()
    read(app, maya, maya.id)
    assert calls == ["POST /", "POST /rest/v1/rpc/get_reputation", "POST /"]
    calls.clear()
    read(app, maya, maya.id)
    assert calls == ["POST /"]


def test_a_read_without_rate_limits_is_one_call_too(
    function: Load, people: People, calls: list[str]
) -> None:
    maya, app = people.new(), function("reputation", ENABLE_RATE_LIMITING="false")
    read(app, maya, maya.id)
    calls.clear()
    _, _, headers = read(app, maya, maya.id)
    assert (calls, headers["x-cache"]) == (["POST /"], "hit")
    assert "ratelimit" not in headers


def test_without_redis_the_database_answers(function: Load, people: People) -> None:
    maya = people.new()
    completed(people, maya)
    app = function("reputation", **NO_REDIS)
    for _ in range(2):
        status, reputation, headers = read(app, maya, maya.id)
        assert (status, reputation["score"], headers["x-cache"]) == (200, 1, "bypass")


def test_an_old_value_is_stale_while_another_request_counts(
    function: Load, people: People, stack: dict[str, str]
) -> None:
    maya, app = people.new(), function("reputation")
    _, first, _ = read(app, maya, maya.id)
    redis, key = DirectCommands(stack["REDIS_URL"]), f"reputation:user:{maya.id}"
    redis.run("HINCRBY", key, "stored_at", -400_000)
    redis.run("HSET", key, "lease", "another container's", "leased_until", 10**15)
    _, second, headers = read(app, maya, maya.id)
    assert (second, headers["x-cache"]) == (first, "stale")


def confirmed(function: Load, planned: Meeting) -> None:
    app = function("session_manage")
    for person in planned.both:
        values = {"access_token": person.token, "session_id": planned.session_id}
        assert app.call("confirm", **values)[0] == 200


@pytest.mark.parametrize("cached", [True, False])
def test_a_completed_session_shows_in_the_next_read(
    function: Load, people: People, cached: bool
) -> None:
    planned = meeting(people, timedelta(hours=-1))
    if cached:
        for person in planned.both:
            assert read(function("reputation"), person, person.id)[1]["score"] == 0
    confirmed(function, planned)
    for person in planned.both:
        _, reputation, _ = read(function("reputation"), person, person.id)
        assert (reputation["score"], reputation["completed_sessions"]) == (1, 1)


def test_a_late_cancellation_counts_against_its_author(function: Load, people: People) -> None:
    planned = meeting(people)
    planned.starts_in(timedelta(hours=1))
    for person in planned.both:
        read(function("reputation"), person, person.id)
    values = {"access_token": planned.maya.token, "session_id": planned.session_id}
    function("session_manage").call("cancel", **values)
    app = function("reputation")
    _, maya, _ = read(app, planned.leo, planned.maya.id)
    _, leo, _ = read(app, planned.maya, planned.leo.id)
    assert (maya["score"], maya["badge_color"], maya["no_shows"]) == (-1, "red", 1)
    assert (leo["score"], leo["badge_color"], leo["no_shows"]) == (0, "green", 0)
