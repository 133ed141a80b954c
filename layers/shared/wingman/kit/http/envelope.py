"""The outermost layer: request id, size limit, late charge, HEAD, extra headers, crash log."""

from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wingman.kit.errors import PayloadTooLarge, ProblemError
from wingman.kit.http.charges import charge_at_last
from wingman.kit.http.problems import render
from wingman.kit.invocation import report
from wingman.kit.limits.charging import LimitReached
from wingman.kit.observability import logger
from wingman.kit.tracing.requests import request_id

# Lambda accepts events of 6 MB, in which base64 adds a third and escapes treble a JSON string.
# Below this limit every body gets our answer, not the platform's.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_BODY_BYTES = 2_000_000


class Envelope:
    """The outermost ASGI app: sets the `request_id`, `extra_headers` and `charged` of a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and log a crash."""
        state: dict[str, Any] = scope.setdefault("state", {})
        state |= {"request_id": request_id(), "extra_headers": {}, "charged": False}
        answer = _Answer(scope, receive, send)
        try:
            _refuse_large_body(Headers(scope=scope))
            await self._app(_as_get(scope), receive, answer.send)
        except ProblemError as error:
            await render(error, state["request_id"])(scope, receive, answer.send)
        except Exception as error:  # noqa: BLE001 - problems.crash has already answered
            logger().exception("http.crashed", extra={"path": scope["path"]})
            report(error)


def _as_get(scope: Scope) -> Scope:
    return {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope


class _Answer:
    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._refused = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            try:
                charge_at_last(Request(self._scope))
            except LimitReached as refusal:
                self._refused = True
                problem = render(refusal, self._scope["state"]["request_id"])
                await problem(self._scope, self._receive, self._deliver)
        if not self._refused:
            await self._deliver(message)

    async def _deliver(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._scope["state"]["request_id"]
            headers.update(self._scope["state"]["extra_headers"])
            # The CORS headers name one origin or none, so a cache must not reuse them for another.
            headers.add_vary_header("Origin")
        elif self._scope["method"] == "HEAD":
            message["body"] = b""
        await self._send(message)


def _refuse_large_body(headers: Headers) -> None:
    """Check Content-Length here, because the framework would answer in plain text."""
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_BODY_BYTES:
        raise PayloadTooLarge
