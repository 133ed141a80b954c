"""POST /graphql has the limits of the REST endpoints, and makes as few calls."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis

from tests.support.functions import Function
from tests.support.graph import MESSAGE, Graph, codes_of, said
from tests.support.limits import exhaust
from tests.support.meetings import meeting
from tests.support.people import People
from tests.support.profiles import match

Load = Callable[..., Function]


@pytest.fixture
def graph(function: Load, people: People) -> Graph:
    return Graph(function("graphql", ENABLE_RATE_LIMITING="false"), people)


@pytest.fixture
def limited(function: Load, people: People) -> Graph:
    return Graph(function("graphql"), people)


@pytest.fixture
def redis(stack: dict[str, str]) -> Iterator[Redis]:
    with Redis.from_url(stack["REDIS_URL"]) as redis:
        yield redis


def test_a_repeated_message_is_answered_despite_an_empty_bucket(
    limited: Graph, redis: Redis
) -> None:
    maya, leo = limited.people.pair()
    match_id, message = match(limited.people, maya, leo), said()
    first = limited.ask(maya, MESSAGE, match=match_id, message=message)
    exhaust(redis, f"ratelimit:messages:{maya.id}")

    again = limited.ask(maya, MESSAGE, match=match_id, message=message)
    refused = limited.codes(maya, MESSAGE, match=match_id, message=said())

    assert again == first
    assert refused == (200, ["rate_limited"])


def test_the_cost_is_charged_to_the_users_bucket(limited: Graph) -> None:
    maya = limited.people.new()
    query = "{ me { id } a: me { id } matches { nodes { id } } }"

    body = {"query": query}
    before, after = (limited.send(maya, body)["headers"]["RateLimit"] for _ in range(2))

    def left(header: str, name: str) -> int:
        shown = dict(each.strip().split(";")[:2] for each in header.split(","))
        return int(shown[f'"{name}"'].removeprefix("r="))

    assert (left(before, "user"), left(after, "user")) == (97, 94)
    assert left(before, "ip") - left(after, "ip") in {0, 1}


def test_a_mutation_is_limited_as_its_endpoint_is(limited: Graph, redis: Redis) -> None:
    maya, leo = limited.people.pair()
    exhaust(redis, f"ratelimit:likes:{maya.id}")

    answer = limited.send(
        maya, {"query": f'mutation {{ likeUser(userId: "{leo.id}") {{ likedAt }} }}'}
    )

    assert answer["statusCode"] == 429
    assert codes_of(json.loads(answer["body"])) == ["rate_limited"]
    assert int(answer["headers"]["Retry-After"]) > 3000


def test_a_mutation_without_an_effect_is_refunded(limited: Graph) -> None:
    planned = meeting(limited.people)
    query = """
    mutation ($id: UUID!, $time: DateTime!) {
      updateSession(sessionId: $id, changes: {scheduledTime: $time}) { id }
    }
    """

    def left() -> str:
        body = {"query": query, "variables": {"id": str(uuid4()), "time": "2001-01-01T00:00:00Z"}}
        answer = limited.send(planned.maya, body)
        assert codes_of(json.loads(answer["body"])) == ["not_found"]
        shown: str = answer["headers"]["RateLimit"]
        return shown.partition(";t=")[0]

    assert left() == left()


def test_an_idempotency_key_finds_the_first_answer(graph: Graph) -> None:
    maya, key = graph.people.new(), str(uuid4())
    query = """
    mutation ($name: String!) {
      createPlayground(playground: {name: $name, latitude: 52.5, longitude: 13.4}) { id }
    }
    """

    def added(name: str) -> Any:
        body = {"query": query, "variables": {"name": name}}
        return json.loads(graph.send(maya, body, idempotency_key=key)["body"])

    assert added("Dog run") == added("Dog run")
    assert codes_of(added("Another")) == ["idempotency_key_reused"]


def test_a_warm_request_calls_redis_and_the_database_once_each(
    limited: Graph, calls: list[str]
) -> None:
    maya = limited.people.new()
    limited.ask(maya, "{ me { id } }")
    calls.clear()

    limited.ask(maya, "{ me { id } }")

    assert calls == ["POST /", "POST /rest/v1/rpc/get_user"]


def test_discovery_reads_its_list_with_the_limits(limited: Graph, calls: list[str]) -> None:
    maya = limited.people.new()
    limited.call(maya, "{ discovery { nodes { userId } } }")
    calls.clear()

    status, body = limited.call(maya, "{ discovery { nodes { userId } } }")

    assert (status, codes_of(body)) == (200, ["profile_incomplete"])
    assert body["errors"][0]["extensions"]["missing"]
    # The second call of Redis returns the lease, because no list was made.
    assert [each for each in calls if "rpc" in each] == ["POST /rest/v1/rpc/discover"]
    assert len(calls) == 3
