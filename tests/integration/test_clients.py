"""The clients of the layer against real services."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest

from tests.support.functions import Function
from tests.support.people import People
from wingman.kit.clients.circuits import breaker
from wingman.kit.clients.commands import RedisError
from wingman.kit.clients.database import (
    DatabaseError,
    Operation,
    get_client_for_operation,
    get_service_client,
    get_user_client,
)
from wingman.kit.clients.dependencies import SUPABASE
from wingman.kit.clients.queue import queue
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyRefused, DependencyUnavailable, Unauthenticated
from wingman.kit.resilience.circuit import State

Load = Callable[..., Function]
NOWHERE = "http://127.0.0.1:9"


def test_each_user_client_acts_as_its_own_user(function: Load, people: People) -> None:
    """Clients share connections, so one identity must not leak into the next call."""
    function("match_request")
    maya, leo = people.pair()
    args: dict[str, object] = {"p_venue_suggestion": None, "p_note": None, "p_max_daily": 10}
    get_user_client(maya.token).rpc("request_match", {"p_invitee_id": str(leo.id)} | args)
    page = {"p_status": None, "p_limit": 5, "p_before_created_at": None, "p_before_id": None}
    for person, count in ((maya, 1), (people.new(), 0), (leo, 1), (people.new(), 0)):
        assert len(get_user_client(person.token).rpc("list_matches", page)) == count


def test_the_least_privileged_client_is_picked(function: Load, people: People) -> None:
    function("health")
    assert get_client_for_operation(Operation.PUBLIC).rpc("ping", {})
    assert get_client_for_operation(Operation.SERVICE) is get_service_client()
    assert get_client_for_operation(Operation.USER, people.new().token)
    with pytest.raises(Unauthenticated):
        get_client_for_operation(Operation.USER)


def test_an_anonymous_client_cannot_call_functions_of_users(function: Load) -> None:
    function("health")
    with pytest.raises(DatabaseError):
        get_client_for_operation(Operation.PUBLIC).rpc("get_match", {"p_match_id": str(uuid4())})


def test_a_token_that_postgrest_refuses_is_an_error_of_the_caller(
    function: Load, people: People
) -> None:
    function("match_request")
    params = {"p_match_id": str(uuid4())}
    for token in (people.token(uuid4(), exp=1), "not.a.token"):
        with pytest.raises(Unauthenticated):
            get_user_client(token).rpc("get_match", params)


def test_a_database_that_is_down_is_an_unavailable_dependency(function: Load) -> None:
    function("health", SUPABASE_URL=NOWHERE)
    with pytest.raises(DependencyUnavailable):
        get_service_client().rpc("ping", {})


def test_redis_answers_and_refuses(function: Load) -> None:
    function("docs")
    key = f"test:{uuid4()}"
    assert redis().run("SET", key, "größe 🐶", "EX", 60) is True
    assert redis().run("GET", key) == "größe 🐶"
    with pytest.raises(RedisError) as caught:
        redis().run("INCR", key)
    assert caught.value.code == "ERR"


def test_a_redis_that_is_down_is_an_unavailable_dependency(function: Load) -> None:
    function("docs", UPSTASH_REDIS_REST_URL=NOWHERE)
    with pytest.raises(DependencyUnavailable):
        redis().run("PING")


def test_a_wrong_redis_token_is_not_an_answer(function: Load) -> None:
    function("docs", UPSTASH_REDIS_REST_TOKEN="wrong")
    with pytest.raises((RedisError, DependencyUnavailable)):
        redis().run("PING")


@pytest.fixture
def sqs(function: Load, stack: dict[str, str]) -> Iterator[Any]:
    """An SQS client for the receiving side, while a function provides the sending side."""
    function("match_request")
    sqs = boto3.client(
        "sqs",
        region_name="us-east-1",
        endpoint_url=stack["AWS_ENDPOINT_URL"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield sqs
    sqs.close()


def test_messages_arrive_ten_to_a_call(sqs: Any) -> None:
    url = sqs.create_queue(QueueName=f"test-{uuid4()}")["QueueUrl"]
    sent = [{"number": number, "text": "ü"} for number in range(23)]
    queue().send(url, sent)
    received: list[dict[str, Any]] = []
    while len(received) < len(sent):
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2)
        received += [json.loads(message["Body"]) for message in got["Messages"]]
    assert sorted(body["number"] for body in received) == list(range(23))
    sqs.delete_queue(QueueUrl=url)


def test_a_message_for_later_stays_in_the_queue(sqs: Any) -> None:
    url = sqs.create_queue(QueueName=f"test-{uuid4()}")["QueueUrl"]
    queue().send(url, [{"number": 1}], delay_seconds=900)
    asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"]
    assert [found[name] for name in asked] == ["0", "1"]
    sqs.delete_queue(QueueUrl=url)


def test_a_missing_queue_is_an_unavailable_dependency(
    function: Load, stack: dict[str, str]
) -> None:
    function("match_request")
    with pytest.raises(DependencyUnavailable):
        queue().send(f"{stack['AWS_ENDPOINT_URL']}/000000000000/nowhere", [{}])


def test_a_backend_key_that_is_not_accepted_is_our_fault(function: Load, people: People) -> None:
    function("match_request", BACKEND_KEY="of another environment")
    with pytest.raises(DependencyRefused) as refused:
        get_user_client(people.new().token).rpc("list_matches", {})
    assert refused.value.not_executed
    assert breaker(SUPABASE).state is State.CLOSED
