"""The translation of the provider's answers, with the real SDK."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from uuid import UUID

import httpx
import pytest
import resend
from resend.http_client import HTTPClient

from tests.unit.notifications.email.sending.fakes import Context
from wingman.kit import settings
from wingman.kit.clock import deadline, time_left
from wingman.notifications.email.redaction import redact
from wingman.notifications.email.sending import provider as module
from wingman.notifications.email.sending.provider import BatchReply, EmailProvider, OutgoingEmail
from wingman.notifications.email.sending.rules import Reply


def outgoing(number: int) -> OutgoingEmail:
    return OutgoingEmail(
        email_id=UUID(int=number),
        template="match_declined",
        sender="Wingman <hello@wingman.example>",
        recipient=f"user{number}@example.com",
        subject="Hello",
        html="<p>Hello</p>",
        text="Hello",
        unsubscribe_url=f"https://api.test/unsubscribe?token={number}",
    )


class CannedClient(HTTPClient):
    """Gives every request the same answer, and records the last request."""

    def __init__(self, status: int, body: object, headers: Mapping[str, str]) -> None:
        self._answer = (json.dumps(body).encode(), status, headers)
        self.headers: Mapping[str, str] = {}
        self.body: Any = None

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json: dict[str, object] | list[object] | None = None,
        files: dict[str, Any] | None = None,
        data: dict[str, str] | None = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        assert (method, url) == ("post", "http://provider.test/emails/batch")
        assert files is data is None
        self.headers, self.body = headers, json
        return self._answer


def answered(
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: object,
    headers: Mapping[str, str] | None = None,
    *,
    emails: int = 1,
) -> tuple[BatchReply, CannedClient]:
    client = CannedClient(status, body, {"content-type": "application/json", **(headers or {})})
    monkeypatch.setattr(resend, "api_key", "re_test")
    monkeypatch.setattr(resend, "api_url", "http://provider.test")
    monkeypatch.setattr(resend, "default_http_client", client)
    reply = module.ResendProvider().send_batch([outgoing(at) for at in range(emails)], "send/group")
    return reply, client


def test_an_accepted_batch_maps_ids_by_position(monkeypatch: pytest.MonkeyPatch) -> None:
    reply, _ = answered(monkeypatch, 200, {"data": [{"id": "a"}, {"id": "b"}]}, emails=2)

    assert reply.reply is Reply.ACCEPTED
    assert reply.message_ids == {0: "a", 1: "b"}


def test_a_permissive_answer_skips_the_rejected_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    body = {
        "data": [{"id": "a"}, {"id": "c"}],
        "errors": [{"index": 1, "message": "Invalid `to` field: user1@example.com"}],
    }

    reply, _ = answered(monkeypatch, 200, body, emails=3)

    assert reply.message_ids == {0: "a", 2: "c"}
    assert reply.rejections == {1: "Invalid `to` field: <address>"}


def test_ids_of_the_wrong_number_are_not_assigned(monkeypatch: pytest.MonkeyPatch) -> None:
    reply, _ = answered(monkeypatch, 200, {"data": [{"id": "a"}]}, emails=2)

    assert reply.reply is Reply.ACCEPTED
    assert reply.message_ids == {}


def test_a_request_carries_key_mode_tags_and_both_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    _, client = answered(monkeypatch, 200, {"data": [{"id": "a"}]})

    assert client.headers["Idempotency-Key"] == "send/group"
    assert client.headers["x-batch-validation"] == "permissive"
    assert client.body[0]["headers"]["List-Unsubscribe"].startswith("<https://api.test/")
    assert client.body[0]["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [email] = client.body
    assert {"name": "email_id", "value": str(UUID(int=0))} in email["tags"]
    assert (email["html"], email["text"]) == ("<p>Hello</p>", "Hello")
    assert email["to"] == ["user0@example.com"]


@pytest.mark.parametrize(
    ("status", "name", "expected"),
    [
        (400, "validation_error", Reply.REJECTED),
        (422, "missing_required_field", Reply.REJECTED),
        (413, "payload_too_large", Reply.REJECTED),
        (401, "missing_api_key", Reply.REFUSED),
        (403, "invalid_api_key", Reply.REFUSED),
        (429, "rate_limit_exceeded", Reply.RATE_LIMITED),
        (429, "some_new_name", Reply.RATE_LIMITED),
        (429, "daily_quota_exceeded", Reply.QUOTA_EXHAUSTED),
        (429, "monthly_quota_exceeded", Reply.QUOTA_EXHAUSTED),
        (409, "concurrent_idempotent_requests", Reply.IN_PROGRESS),
        (409, "invalid_idempotent_request", Reply.KEY_CONFLICT),
        (500, "application_error", Reply.UNKNOWN),
        (503, "service_unavailable", Reply.UNKNOWN),
        (418, "teapot", Reply.UNKNOWN),
    ],
)
def test_every_error_has_one_reply(
    monkeypatch: pytest.MonkeyPatch, status: int, name: str, expected: Reply
) -> None:
    body = {"statusCode": status, "name": name, "message": "to user0@example.com"}

    reply, _ = answered(monkeypatch, status, body)

    assert reply.reply is expected
    assert "@" not in (reply.error or "")


@pytest.mark.parametrize("header", ["retry-after", "Retry-After"])
def test_retry_after_is_read(monkeypatch: pytest.MonkeyPatch, header: str) -> None:
    body = {"name": "rate_limit_exceeded", "message": ""}

    reply, _ = answered(monkeypatch, 429, body, {header: "7"})

    assert reply.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("header", "limit"),
    [("2", 2), ("10, 10;w=1", 10), ("10;w=1", 10), ("0", None), ("none", None), ("-1", None)],
)
@pytest.mark.parametrize("status", [200, 429])
def test_the_limit_is_read_from_every_answer(
    monkeypatch: pytest.MonkeyPatch, status: int, header: str, limit: int | None
) -> None:
    body = {"data": [{"id": "a"}]} if status == 200 else {"name": "rate_limit_exceeded"}

    reply, _ = answered(monkeypatch, status, body, {"RateLimit-Limit": header})

    assert reply.limit == limit


def test_an_html_page_from_a_gateway_is_an_unknown_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    reply, _ = answered(monkeypatch, 502, "x", {"content-type": "text/html"})

    assert reply.reply is Reply.UNKNOWN


@pytest.mark.parametrize(
    "message",
    ["to maya@example.com is bad", "<maya@example.com>", '"M" <m+x@a.b>, l@c.d', "ä@ö.example"],
)
def test_addresses_are_taken_out_of_messages(message: str) -> None:
    assert "@" not in redact(message)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def connected(monkeypatch: pytest.MonkeyPatch, url: str) -> Iterator[EmailProvider]:
    """Return the provider of a deployment with the API at `url`."""
    for name in ("api_key", "api_url", "default_http_client"):
        monkeypatch.setattr(resend, name, getattr(resend, name))
    monkeypatch.setenv("RESEND_API_URL", url)
    monkeypatch.setenv("RESEND_API_KEY", "re_test")
    settings._load.cache_clear()
    module.provider.cache_clear()
    yield module.provider()
    resend.default_http_client.connection.close()  # type: ignore[union-attr]
    settings._load.cache_clear()
    module.provider.cache_clear()


class Handler(BaseHTTPRequestHandler):
    """A provider over a real socket; subclasses break it."""

    protocol_version = "HTTP/1.1"
    ports: ClassVar[set[int]] = set()

    def do_POST(self) -> None:
        self.ports.add(self.client_address[1])
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"data": [{"id": "a"}]}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def test_the_connection_is_kept_between_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    Handler.ports.clear()

    with serving(Handler) as url, connected(monkeypatch, url) as provider:
        for _ in range(3):
            assert provider.send_batch([outgoing(1)], "send/1").reply is Reply.ACCEPTED

    assert len(Handler.ports) == 1


def test_a_broken_connection_is_an_unknown_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Handler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    with serving(Broken) as url, connected(monkeypatch, url) as provider:
        assert provider.send_batch([outgoing(1)], "send/1").reply is Reply.UNKNOWN


def test_an_unreachable_provider_has_taken_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with connected(monkeypatch, url) as provider:
        reply = provider.send_batch([outgoing(1)], "send/1")

    assert reply.reply is Reply.UNREACHABLE


def test_a_request_to_a_slow_provider_ends_before_the_invocation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()

    class Slow(Handler):
        def do_POST(self) -> None:
            release.wait(10)

    with (
        serving(Slow) as url,
        connected(monkeypatch, url) as provider,
        deadline(Context(seconds=2.8)),
    ):
        reply = provider.send_batch([outgoing(1)], "send/1")
        left_to_record_it = time_left()
        release.set()

    assert left_to_record_it > 1.5
    assert reply.reply is Reply.UNKNOWN
    assert reply.error == f"HttpClientError: {httpx.ReadTimeout('timed out')}"


@pytest.mark.parametrize(
    ("status", "replies"),
    [
        (500, [Reply.UNKNOWN] * 3 + [Reply.LEFT_ALONE] * 2),
        (429, [Reply.RATE_LIMITED] * 5),
        (409, [Reply.IN_PROGRESS] * 5),
    ],
)
def test_the_breaker_opens_for_a_provider_that_keeps_failing(
    monkeypatch: pytest.MonkeyPatch, status: int, replies: list[Reply]
) -> None:
    body = {"name": "some_new_name", "message": "no"}
    assert [answered(monkeypatch, status, body)[0].reply for _ in range(5)] == replies
