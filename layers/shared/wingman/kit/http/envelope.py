"""What surrounds every request: its id, the announced size, extra headers, the crash log."""

import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wingman.kit.errors import PayloadTooLarge, ProblemError
from wingman.kit.http.problems import render
from wingman.kit.observability import logger

# Lambda takes events of 6 MB. In one, a body is base64 (4/3 of its size) or text in JSON, in which
# quotes double and letters beyond ASCII treble: up to here every body reaches us, and one that is
# larger gets our answer until the platform refuses it with its own.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_BODY_BYTES = 2_000_000


class Envelope:
    """The outermost ASGI app; puts `request_id` and `extra_headers` into the request's state."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; what crashed inside is logged here."""
        state: dict[str, Any] = scope.setdefault("state", {})
        request_id = state["request_id"] = _request_id(scope)
        state["extra_headers"] = {}
        logger().set_correlation_id(request_id)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers.update(state["extra_headers"])
            elif scope["method"] == "HEAD":  # the adapter would send what was meant for GET
                message["body"] = b""
            await send(message)

        try:
            _refuse_large_body(Headers(scope=scope))
            await self._app(scope, receive, send_with_headers)
        except ProblemError as error:
            await render(error, request_id)(scope, receive, send_with_headers)
        except Exception:  # noqa: BLE001 - already answered by problems.crash
            logger().exception("http.crashed", extra={"path": scope["path"]})


def _request_id(scope: Scope) -> str:
    """Take API Gateway's id of this request, so that its access log and ours meet."""
    event = scope.get("aws.event", {})
    return str(event.get("requestContext", {}).get("requestId") or uuid.uuid4())


def _refuse_large_body(headers: Headers) -> None:
    """Refuse by the announced size; the framework would answer that in plain text."""
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_BODY_BYTES:
        raise PayloadTooLarge
