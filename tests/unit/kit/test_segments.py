"""Subsegments, as the X-Ray daemon receives them."""

import json
import socket
from collections.abc import Callable, Iterator
from contextvars import copy_context
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.support.functions import Context
from wingman.kit.clients.transport import http_client
from wingman.kit.invocation import invocation
from wingman.kit.tracing.segments import shown, subsegment

ROOT, PARENT = "1-6743a1b2-0123456789abcdef01234567", "53995c3f42cd8ad8"
EVENT = {
    "routeKey": "POST /api/matches",
    "requestContext": {"requestId": "req-1"},
    "headers": {},
}

Sent = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def daemon(fresh_container: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.2)
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", f"127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "match_request")
        sampled(monkeypatch)

        def read() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = []
            while True:
                try:
                    header, _, body = server.recv(65_536).partition(b"\n")
                except TimeoutError:
                    return found
                assert json.loads(header) == {"format": "json", "version": 1}
                found.append(json.loads(body))

        yield read


def sampled(monkeypatch: pytest.MonkeyPatch, *, yes: bool = True) -> None:
    header = f"Root={ROOT};Parent={PARENT};Sampled={int(yes)};Lineage=1:abc:0"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Callable[[httpx.Response | Exception], httpx.Client]:
    """Return a factory of our HTTP clients whose service gives a planned answer."""

    def client(answer: httpx.Response | Exception) -> httpx.Client:
        def handle(_: object, __: httpx.Request) -> httpx.Response:
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle)
        return http_client("supabase", timeout=1.0)

    return client


def test_a_call_lies_below_its_invocation(daemon: Sent, calls: Callable[..., Any]) -> None:
    client = calls(httpx.Response(200, json={}))
    with invocation(EVENT, Context()) as segment:
        client.post("https://x.supabase.co/rest/v1/rpc/request_match?a=maya@example.com", json={})
        segment.answered(201)
    call, handler = daemon()
    assert (handler["trace_id"], handler["parent_id"]) == (ROOT, PARENT)
    assert (call["trace_id"], call["parent_id"]) == (ROOT, handler["id"])
    assert {call["type"], handler["type"]} == {"subsegment"}
    assert handler["annotations"] == {"request_id": "req-1", "route": "POST /api/matches"}
    assert handler["metadata"] == {"wingman": {"function": "match_request"}}
    assert handler["http"] == {"response": {"status": 201}}
    assert (call["name"], call["namespace"]) == ("supabase", "remote")
    assert call["http"] == {
        "request": {"method": "POST", "url": "https://x.supabase.co/rest/v1/rpc/request_match"},
        "response": {"status": 200},
    }
    assert handler["start_time"] <= call["start_time"] <= call["end_time"] <= handler["end_time"]
    assert all(len(each["id"]) == 16 and int(each["id"], 16) >= 0 for each in (call, handler))


@pytest.mark.parametrize(
    ("status", "flags"),
    [
        (404, {"error": True, "throttle": False}),
        (429, {"error": True, "throttle": True}),
        (503, {"fault": True}),
    ],
)
def test_an_answer_that_is_a_failure_is_marked(
    daemon: Sent, calls: Callable[..., Any], status: int, flags: dict[str, bool]
) -> None:
    client = calls(httpx.Response(status))
    with invocation(EVENT, Context()):
        try:
            client.get("https://x.example/")
        except httpx.HTTPStatusError:
            assert status == 503
    call = daemon()[0]
    assert {name: call.get(name) for name in flags} == flags
    assert call["http"]["response"]["status"] == status


def test_a_call_without_an_answer_names_the_class_of_its_error(
    daemon: Sent, calls: Callable[..., Any]
) -> None:
    client = calls(httpx.ConnectTimeout("maya@example.com"))
    with pytest.raises(httpx.ConnectTimeout), invocation(EVENT, Context()):
        client.get("https://x.example/")
    call, handler = daemon()
    for each in (call, handler):
        assert each["fault"] is True
        assert each["cause"]["exceptions"][0]["type"] == "ConnectTimeout"
    assert "maya" not in json.dumps([call, handler])


def test_a_worker_records_its_messages_and_their_queue(daemon: Sent) -> None:
    record = {
        "messageId": "m-1",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:1:emails",
        "attributes": {"SentTimestamp": "1795846314000", "ApproximateReceiveCount": "2"},
        "messageAttributes": {"request_id": {"stringValue": "req-1"}},
    }
    with invocation({"Records": [record]}, Context()):
        pass
    [handler] = daemon()
    about = handler["metadata"]["wingman"]
    assert about["caused_by"] == ["req-1"]
    assert about["messages"] == [
        {"id": "m-1", "queue": "emails", "sent_at": "1795846314000", "receives": "2"}
    ]


def test_a_trace_that_is_not_sampled_sends_nothing(
    daemon: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled(monkeypatch, yes=False)
    with invocation(EVENT, Context()), subsegment("x"):
        pass
    assert daemon() == []


@pytest.mark.parametrize(
    "header",
    ["", "Root=1;Parent=2;Sampled=1", f"Root={ROOT};Sampled=1", "x" * 10_000, "Root=../../a\n;=;"],
)
def test_an_invalid_header_starts_no_trace(
    daemon: Sent, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)
    with invocation(EVENT, Context()), subsegment("x"):
        pass
    assert daemon() == []


@pytest.mark.parametrize("address", ["", "127.0.0.1:1", "no.such.host.invalid:2000"])
def test_a_daemon_that_is_down_costs_nothing(
    daemon: Sent, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address)
    with invocation(EVENT, Context()), subsegment("x"):
        pass


def test_a_thread_with_a_copy_of_the_context_stays_in_the_trace(daemon: Sent) -> None:
    def work() -> None:
        with subsegment("x"):
            pass

    with invocation(EVENT, Context()):
        for target, arguments in ((work, ()), (copy_context().run, (work,))):
            thread = Thread(target=target, args=arguments)
            thread.start()
            thread.join()
    child, handler = daemon()
    assert child["parent_id"] == handler["id"]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://a.co/rest/v1/rpc/claim_emails", "https://a.co/rest/v1/rpc/claim_emails"),
        ("https://a.co/auth/v1/admin/users/7d1f-2a", "https://a.co/auth/v1/admin/users/*"),
        ("https://a.co/auth/v1/.well-known/jwks.json", "https://a.co/auth/v1/.well-known/jwks.json"),
        ("https://u:p@b.s3.eu.amazonaws.com/photos/7d1f/1.webp?X-Amz-Signature=s",
         "https://b.s3.eu.amazonaws.com/photos/*/*"),
        ("https://fcm.example/v1/projects/p-1/messages:send",
         "https://fcm.example/v1/projects/*/messages:send"),
        ("https://a.co/maya@example.com/Maya", "https://a.co/*/*"),
        ("https://a.co", "https://a.co/"),
        ("https://a.co?email=maya", "https://a.co/"),
    ],
)  # fmt: skip
def test_a_trace_shows_no_id_from_a_path(url: str, text: str) -> None:
    assert shown(url) == text
