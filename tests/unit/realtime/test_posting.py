"""Posting frames, against a management API with the faults of the real one."""

import json
from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.management_api import KEY_ID, REGION, SECRET, Fault, ManagementApiServer
from wingman.kit import settings
from wingman.kit.clients.aws import credentials
from wingman.kit.clients.circuits import breaker
from wingman.kit.clock import within
from wingman.kit.resilience.retry import budgets, pausing_with
from wingman.realtime.outcomes import Outcome
from wingman.realtime.posting import ManagementApi, posts

# The form of API Gateway's ids.
ONE, OTHER = "L0SM9cOFvHcCIhw=", "a/b+c=="
FRAME = json.dumps({"type": "pong", "head": "größe 🐶"}, ensure_ascii=False).encode()


@pytest.fixture
def server() -> Iterator[ManagementApiServer]:
    with ManagementApiServer() as running:
        yield running


@pytest.fixture
def api(server: ManagementApiServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ManagementApi]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": "a-token",
        "AWS_REGION": REGION,
        "REALTIME_ENDPOINT": server.url,
    }.items():
        monkeypatch.setenv(name, value)
    for cached in (credentials, breaker, budgets, posts, settings._load):
        cached.cache_clear()
    with pausing_with(lambda _: None):
        found = posts()
        assert isinstance(found, ManagementApi)
        yield found
    for cached in (credentials, breaker, budgets, posts, settings._load):
        cached.cache_clear()


@pytest.mark.parametrize("connection_id", [ONE, OTHER])
def test_a_frame_arrives_as_it_was_posted(
    api: ManagementApi, server: ManagementApiServer, connection_id: str
) -> None:
    peer = server.connect(connection_id)
    assert api.post(connection_id, FRAME) is Outcome.DONE
    assert peer.frames == [json.loads(FRAME)]


@pytest.mark.parametrize("connection_id", [ONE, OTHER])
def test_the_stand_in_treats_our_calls_like_those_of_boto3(
    api: ManagementApi, server: ManagementApiServer, connection_id: str
) -> None:
    theirs = boto3.Session(KEY_ID, SECRET, "a-token", region_name=REGION).client(
        "apigatewaymanagementapi",
        endpoint_url=server.url,
        config=Config(retries={"max_attempts": 0}),
    )
    with pytest.raises(ClientError, match="GoneException"):
        theirs.post_to_connection(ConnectionId=connection_id, Data=FRAME)
    peer = server.connect(connection_id)
    theirs.get_connection(ConnectionId=connection_id)
    theirs.post_to_connection(ConnectionId=connection_id, Data=FRAME)
    api.post(connection_id, FRAME)
    assert peer.frames == [json.loads(FRAME)] * 2
    theirs.delete_connection(ConnectionId=connection_id)
    server.connect(connection_id)
    api.close(connection_id)
    assert len(set(server.paths)) == 1
    server.connect(connection_id)
    server.plan(connection_id, Fault.THROTTLED)
    with pytest.raises(ClientError, match="LimitExceededException"):
        theirs.post_to_connection(ConnectionId=connection_id, Data=FRAME)
    with pytest.raises(ClientError, match="PayloadTooLarge"):
        theirs.post_to_connection(ConnectionId=connection_id, Data=b'"' + b"x" * 32_767 + b'"')


def test_a_wrong_key_is_refused(
    api: ManagementApi, server: ManagementApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    credentials.cache_clear()
    server.connect(ONE)
    assert api.post(ONE, FRAME) is Outcome.FAILED
    assert server.statuses(ONE) == [403]


def test_a_connection_is_gone_until_it_is_connected(
    api: ManagementApi, server: ManagementApiServer
) -> None:
    assert api.post(ONE, FRAME) is Outcome.GONE
    server.connect(ONE)
    assert api.post(ONE, FRAME) is Outcome.DONE
    server.disconnect(ONE)
    assert [api.post(ONE, FRAME), api.close(ONE)] == [Outcome.GONE] * 2


def test_a_closed_connection_is_gone(api: ManagementApi, server: ManagementApiServer) -> None:
    peer = server.connect(ONE)
    assert api.close(ONE) is Outcome.DONE
    assert peer.closed
    assert api.post(ONE, FRAME) is Outcome.GONE


def test_throttling_is_neither_gone_nor_repeated(
    api: ManagementApi, server: ManagementApiServer
) -> None:
    server.connect(ONE)
    server.plan(ONE, Fault.THROTTLED)
    assert api.post(ONE, FRAME) is Outcome.THROTTLED
    assert server.statuses(ONE) == [429]


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.BROKEN])
def test_an_outage_of_one_call_is_hidden(
    api: ManagementApi, server: ManagementApiServer, fault: Fault
) -> None:
    peer = server.connect(ONE)
    server.plan(ONE, fault)
    assert api.post(ONE, FRAME) is Outcome.DONE
    assert len(peer.frames) == 1


def test_a_frame_whose_answer_was_lost_may_arrive_twice(
    api: ManagementApi, server: ManagementApiServer
) -> None:
    peer = server.connect(ONE)
    server.plan(ONE, Fault.LOST_ANSWER)
    assert api.post(ONE, FRAME) is Outcome.DONE
    assert len(peer.frames) == 2


def test_an_outage_costs_two_calls_and_a_long_one_few(
    api: ManagementApi, server: ManagementApiServer
) -> None:
    server.connect(ONE)
    server.plan(ONE, *[Fault.UNAVAILABLE] * 100)
    assert api.post(ONE, FRAME) is Outcome.FAILED
    assert len(server.calls) == 2
    assert {api.post(ONE, FRAME) for _ in range(50)} == {Outcome.FAILED}
    assert len(server.calls) <= 10  # the breaker has opened


def test_a_slow_answer_ends_with_the_time_left(
    api: ManagementApi, server: ManagementApiServer
) -> None:
    server.connect(ONE)
    server.plan(ONE, Fault.SLOW, Fault.SLOW)
    with within(0.05):
        assert api.post(ONE, FRAME) is Outcome.FAILED
    assert not server.peers[ONE].frames


def test_the_stand_in_delivers_twice_and_out_of_order_when_asked(
    api: ManagementApi, server: ManagementApiServer
) -> None:
    peer = server.connect(ONE)
    server.plan(ONE, Fault.TWICE, Fault.LATE)
    for number in range(3):
        assert api.post(ONE, str(number).encode()) is Outcome.DONE
    assert peer.frames == [0, 0, 2, 1]
