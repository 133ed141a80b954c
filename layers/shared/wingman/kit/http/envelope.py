"""What surrounds every request: its id, extra headers, the last resort."""

import uuid
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wingman.kit.errors import ProblemError
from wingman.kit.http.problems import render
from wingman.kit.observability import logger


class Envelope:
    """ASGI middleware; puts `request_id` and `extra_headers` into the request's state."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a crash is logged and answered as a problem."""
        state: dict[str, Any] = scope.setdefault("state", {})
        request_id = state["request_id"] = _request_id(scope)
        state["extra_headers"] = {}
        logger().set_correlation_id(request_id)
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers.update(state["extra_headers"])
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:  # noqa: BLE001 - the last resort
            logger().exception("http.crashed", extra={"path": scope["path"]})
            if not started:
                await render(ProblemError(), request_id)(scope, receive, send_with_headers)


def _request_id(scope: Scope) -> str:
    """Take API Gateway's id of this request, so that its access log and ours meet."""
    event = scope.get("aws.event", {})
    return str(event.get("requestContext", {}).get("requestId") or uuid.uuid4())
