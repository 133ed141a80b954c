"""A request's id comes only from the gateway, and goes with logs, calls and messages."""

import io
import json
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.functions import Context
from wingman.kit.clients import database, queue
from wingman.kit.invocation import invocation
from wingman.kit.observability import logger
from wingman.kit.tracing.requests import request_id, served


def http_event(request_id: object = "a-B_c1=") -> dict[str, Any]:
    return {"routeKey": "GET /x", "requestContext": {"requestId": request_id}, "headers": {}}


def message(sender: object = "a-B_c1=", number: int = 1) -> dict[str, Any]:
    attributes = {"request_id": {"stringValue": sender, "dataType": "String"}}
    return {"messageId": f"m-{number}", "body": "{}", "messageAttributes": attributes}


@pytest.fixture
def lines(
    fresh_container: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], list[dict[str, Any]]]:
    written = io.StringIO()
    for handler in logger().handlers:  # handlers keep the stream of the process's first test
        monkeypatch.setattr(handler, "stream", written)
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_request_has_the_id_of_the_gateway_until_its_invocation_ends(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    with invocation(http_event(), Context()):
        logger().warning("x.happened")
        assert request_id() == "a-B_c1="
        found = served()
        assert found is not None
        assert found.name == "GET /x"
    assert request_id() == ""
    assert [line["correlation_id"] for line in lines()] == ["a-B_c1="]


@pytest.mark.parametrize(
    ("route", "method", "name"),
    [
        ("ANY /api/matches", "POST", "POST /api/matches"),
        ("GET /health", "GET", "GET /health"),
        ("$default", "GET", "$default"),
        ("ANY /x", "a\nb", "ANY /x"),
        ("ANY /x", "", "ANY /x"),
    ],
)
def test_a_request_is_named_by_its_route(
    fresh_container: None, route: str, method: str, name: str
) -> None:
    event = http_event() | {"routeKey": route}
    event["requestContext"]["http"] = {"method": method}
    with invocation(event, Context()):
        found = served()
        assert found is not None
        assert found.name == name


def test_a_frame_of_a_websocket_has_the_id_of_the_gateway(fresh_container: None) -> None:
    about = {"requestId": "w-1=", "routeKey": "$default", "connectionId": "c"}
    with invocation({"requestContext": about, "body": "{}"}, Context()):
        found = served()
        assert found is not None
        assert (found.request_id, found.name) == ("w-1=", "$default")


def test_a_schedule_has_the_id_of_its_invocation(fresh_container: None) -> None:
    context = Context()
    with invocation({"time": "2026-11-28T12:00:00Z"}, context):
        assert request_id() == context.aws_request_id


def test_a_worker_names_its_invocation_and_the_requests_that_sent_its_messages(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    context = Context()
    with invocation({"Records": [message("r-1"), message("r-2"), message("r-1")]}, context):
        logger().warning("x.happened")
    with invocation({"time": "2026-11-28T12:00:00Z"}, Context()):
        logger().warning("x.happened")
    first, second = lines()
    assert first["correlation_id"] == context.aws_request_id
    assert first["caused_by"] == ["r-1", "r-2"]
    assert "caused_by" not in second


def test_a_line_about_one_email_names_its_own_cause(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    with invocation({"Records": [message("r-1")]}, Context()):
        logger().warning("x.happened", extra={"caused_by": ["r-7"]})
        logger().warning("x.happened")
    assert [line["caused_by"] for line in lines()] == [["r-7"], ["r-1"]]


FORGED = [
    "a b",
    'x", "level": "ERROR',
    "x\nfake line",
    "x\r\nSet-Cookie: a=b",
    "x' or 1=1",
    "ü",
    "x" * 129,
    "",
    None,
    7,
    {"a": 1},
]


@pytest.mark.parametrize("forged", FORGED, ids=str)
def test_an_id_that_could_forge_a_log_line_is_replaced(
    fresh_container: None, forged: object
) -> None:
    context = Context()
    with invocation(http_event(forged), context):
        assert request_id() == context.aws_request_id
    with invocation({"Records": [message(forged)]}, context):
        found = served()
        assert found is not None
        assert found.caused_by == ()


def test_a_context_without_an_id_gets_one(fresh_container: None) -> None:
    with invocation({}, None):  # type: ignore[arg-type]
        assert uuid.UUID(request_id())


def test_a_worker_names_no_more_than_fifty_senders(fresh_container: None) -> None:
    with invocation({"Records": [message(f"r-{n}", n) for n in range(60)]}, Context()):
        found = served()
        assert found is not None
        assert len(found.caused_by) == 50
        assert len(found.messages) == 60


@pytest.mark.parametrize("record", [{}, {"messageAttributes": None}, {"eventSource": "aws:s3"}])
def test_a_message_of_another_service_has_no_sender(
    fresh_container: None, record: dict[str, Any]
) -> None:
    with invocation({"Records": [record]}, Context()):
        found = served()
        assert found is not None
        assert found.caused_by == ()


def test_a_call_of_the_database_carries_the_id(fresh_container: None) -> None:
    request = httpx.Request("POST", "https://x.example/rpc/ping")
    with invocation(http_event(), Context()):
        database._name_request(request)
    other = httpx.Request("POST", "https://x.example/rpc/ping")
    database._name_request(other)
    assert request.headers[database.REQUEST_ID_HEADER] == "a-B_c1="
    assert database.REQUEST_ID_HEADER not in other.headers


def test_a_queue_message_carries_the_id_and_the_trace(
    fresh_container: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = "1-6743a1b2-0123456789abcdef01234567"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={root};Parent=0123456789abcdef;Sampled=1")
    with invocation(http_event(), Context()):
        [[entry]] = queue._batches([{"email_ids": []}])
    assert entry["MessageAttributes"]["request_id"]["StringValue"] == "a-B_c1="
    header = entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"]
    assert header.startswith(f"Root={root};Parent=")
    assert header.endswith(";Sampled=1")
    assert "0123456789abcdef;" not in header  # the parent is the handler, not the function
    assert set(next(iter(queue._batches([{}])))[0]) == {"Id", "MessageBody"}
