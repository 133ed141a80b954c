"""Errors are reported once, and no invocation waits for a Sentry that is slow or down."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import httpx
import pytest
from sentry_sdk.envelope import Envelope

from tests.support.functions import Context
from tests.support.template import ROOT
from wingman.kit.errors import Conflict, DependencyUnavailable, ProblemError
from wingman.kit.http import create_app, lambda_handler
from wingman.kit.invocation import invocation
from wingman.kit.reporting import sending

DSN = "https://0123456789abcdef@o1.ingest.sentry.io/42"


class Sentry:
    """An endpoint that records requests, and answers as a test plans."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answer: Callable[[], httpx.Response] = lambda: httpx.Response(200, json={})

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer()

    @property
    def events(self) -> list[dict[str, Any]]:
        found = [Envelope.deserialize(each.content).get_event() for each in self.requests]
        return [dict(event) for event in found if event]


@pytest.fixture
def sentry(fresh_container: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sentry]:
    found = Sentry()
    monkeypatch.setenv("SENTRY_DSN", DSN)
    monkeypatch.setenv("VERSION", "1.4.0")
    monkeypatch.setenv("ENABLE_RATE_LIMITING", "false")
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", found.handle)
    # On a busy machine, an immediate report may take longer than the usual wait.
    monkeypatch.setattr(sending, "WAIT_SECONDS", 10.0)
    yield found
    if thread := sending._reporter()._thread:
        thread.join(10)


def fail(event: dict[str, Any], error: type[Exception] = ValueError) -> None:
    with pytest.raises(error), invocation(event, Context()):
        raise error


def request(number: int = 1) -> dict[str, Any]:
    return {"routeKey": "GET /x", "requestContext": {"requestId": f"r-{number}"}}


def batch(*ids: str) -> dict[str, Any]:
    sender = {"request_id": {"stringValue": "r-1"}}
    return {"Records": [{"messageId": one, "messageAttributes": sender} for one in ids]}


def test_an_error_is_reported_with_request_and_release(sentry: Sentry) -> None:
    fail(request())
    [event] = sentry.events
    assert event["tags"]["request_id"] == "r-1"
    assert event["release"] == "wingman@1.4.0"
    [sent] = sentry.requests
    assert str(sent.url) == "https://o1.ingest.sentry.io/api/42/envelope/"
    assert "sentry_key=0123456789abcdef" in sent.headers["x-sentry-auth"]
    assert sent.headers["content-type"] == "application/x-sentry-envelope"


def test_an_error_is_reported_once_for_each_request(sentry: Sentry) -> None:
    for _ in range(3):
        fail(request(1))
    assert len(sentry.events) == 1
    fail(request(2))
    fail(request(2), KeyError)
    assert [event["tags"]["request_id"] for event in sentry.events] == ["r-1", "r-2", "r-2"]


def test_a_retry_of_a_message_is_not_reported_again(sentry: Sentry) -> None:
    for event in (batch("m-1", "m-2"), batch("m-1"), batch("m-2", "m-1")):
        fail(event)
    [event] = sentry.events
    assert event["tags"]["caused_by"] == "r-1"
    fail(batch("m-2", "m-3"))
    assert len(sentry.events) == 2


def test_another_container_gives_the_same_error_of_a_message_the_same_id(sentry: Sentry) -> None:
    """Sentry drops a second event with the same id."""
    fail(batch("m-1"))
    sending._reporter.cache_clear()
    fail(batch("m-1"))
    first, second = sentry.events
    assert first["event_id"] == second["event_id"]


def test_a_flood_of_crashes_is_a_few_reports(sentry: Sentry) -> None:
    for number in range(100):
        fail(request(number))
    assert len(sentry.events) == sending.MOST_PER_MINUTE


def test_a_slow_sentry_is_not_waited_for(sentry: Sentry, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = Event()
    monkeypatch.setattr(sending, "WAIT_SECONDS", 0.05)
    sentry.answer = lambda: (ends.wait(30), httpx.Response(200))[1]
    fail(request(1))  # returns although Sentry has not answered
    began = time.thread_time()
    for number in range(2, 50):
        fail(request(number))
    assert len(sentry.requests) == 1  # the others found a report in progress, and did not wait
    assert time.thread_time() - began < 2
    assert not ends.is_set()
    ends.set()


@pytest.mark.parametrize(
    ("answer", "rest"),
    [
        (httpx.Response(503), sending.REST_SECONDS),
        (httpx.Response(403), sending.REST_SECONDS),
        (httpx.Response(429, headers={"Retry-After": "90"}), 90),
        (httpx.Response(429, headers={"Retry-After": "999999"}), 3600),
        (httpx.ConnectError("no route"), sending.REST_SECONDS),
    ],
    ids=["503", "403", "429", "429 for days", "away"],
)
def test_after_a_failure_nothing_is_sent_for_a_while(
    sentry: Sentry,
    monkeypatch: pytest.MonkeyPatch,
    answer: httpx.Response | Exception,
    rest: float,
) -> None:
    def refuse() -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    sentry.answer = refuse
    now = 1000.0
    monkeypatch.setattr("wingman.kit.reporting.sending.time.monotonic", lambda: now)
    fail(request(1))
    now += rest - 1
    fail(request(2))
    assert len(sentry.requests) == 1
    now += 2
    fail(request(3))
    assert len(sentry.requests) == 2


def test_a_fault_of_the_report_does_not_hide_the_error(
    sentry: Sentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(sending, "event", broken)
    fail(request())
    assert sentry.requests == []


@pytest.mark.parametrize(
    ("error", "status", "reported"),
    [
        (RuntimeError("boom"), 500, 1),
        (ProblemError(), 500, 1),
        (DependencyUnavailable("x"), 503, 0),
        (Conflict(), 409, 0),
    ],
    ids=["crash", "500", "503", "409"],
)
def test_an_http_function_reports_unexpected_errors(
    sentry: Sentry, error: Exception, status: int, reported: int
) -> None:
    app = create_app()

    @app.get("/x")
    def answer() -> None:
        raise error

    event = json.loads((ROOT / "events" / "health" / "get.json").read_text())
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/x"
    found = lambda_handler(app)(event, Context())
    assert found["statusCode"] == status
    assert [each["tags"]["request_id"] for each in sentry.events] == (
        ["event-health-get"] * reported
    )


def test_nothing_is_imported_until_an_error_is_reported() -> None:
    script = """
import sys
from wingman.kit.http import create_app, lambda_handler
from wingman.kit.invocation import invocation
assert "wingman.kit.reporting.sending" not in sys.modules
assert "wingman.kit.reporting.events" not in sys.modules
assert not [name for name in sys.modules if name.startswith(("sentry", "aws_xray"))]
"""
    env = {"PYTHONPATH": str(ROOT / "layers" / "shared"), "SENTRY_DSN": DSN}
    subprocess.run([sys.executable, "-c", script], env=env, check=True)


def test_without_a_dsn_nothing_is_sent(sentry: Sentry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "")
    fail(request())
    assert sentry.requests == []
