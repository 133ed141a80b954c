"""The routes of the sandbox, which the email sandbox serves under /sentry, as it does FCM."""

import asyncio
import re
from collections import deque
from html import escape
from typing import Any

from sentry_sdk.envelope import Envelope
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from local.connection import broken
from local.stack import Stack

PATH = "/sentry"
PUBLIC_KEY = "0123456789abcdef0123456789abcdef"
PROJECT = "1"
SLOW_SECONDS = 30
# https://develop.sentry.dev/sdk/data-model/envelopes/#size-limits
_MOST_BYTES = 1_000_000
_KEY = re.compile(r"sentry_key=([^,\s]+)")
_FAULTS = {"slow", "broken", "error_500", "rate_limited"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Errors</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; }}
li {{ border: 1px solid gray; border-radius: .75rem; padding: .75rem 1rem; margin: .75rem 0;
    list-style: none; }}
pre {{ overflow-x: auto; }}
ul {{ padding: 0; }}
</style>
</head>
<body>
<h1>Errors</h1>
<p><a href="/">Emails</a></p>
<ul>{events}</ul>
</body>
</html>
"""


def dsn(stack: Stack) -> str:
    scheme, _, host = stack.url("resend").partition("://")
    return f"{scheme}://{PUBLIC_KEY}@{host}{PATH}/{PROJECT}"


def mounted() -> Mount:
    return Mount(PATH, routes=Sandbox().routes())


class Sandbox:
    """The reported events and the planned faults."""

    def __init__(self) -> None:
        self.events: deque[dict[str, Any]] = deque(maxlen=1000)
        self._faults: list[str] = []
        self._asked = 0

    def routes(self) -> list[Route]:
        return [
            Route("/", self._page),
            Route("/api/{project}/envelope/", self._envelope, methods=["POST"]),
            Route("/_sandbox/events", self._events),
            Route("/_sandbox/events", self._forget, methods=["DELETE"]),
            Route("/_sandbox/faults", self._plan, methods=["POST"]),
            Route("/_sandbox/faults", self._heal, methods=["DELETE"]),
        ]

    async def _envelope(self, request: Request) -> Response:
        self._asked += 1
        body = await request.body()
        if (failure := await self._fail(request)) is not None:
            return failure
        key = _KEY.search(request.headers.get("x-sentry-auth", ""))
        if key is None or key[1] != PUBLIC_KEY or request.path_params["project"] != PROJECT:
            return _refusal("project not found, or the key is not its own", 403)
        if len(body) > _MOST_BYTES:
            return _refusal("too large", 413)
        try:
            event = Envelope.deserialize(body).get_event()
        except (ValueError, KeyError, TypeError, AttributeError):
            event = None
        if event is None:
            return _refusal("no event", 400)
        event_id = event["event_id"]
        if event_id not in {one["event_id"] for one in self.events}:  # as Sentry does
            self.events.append(dict(event))
        return JSONResponse({"id": event_id})

    async def _fail(self, request: Request) -> Response | None:
        fault = self._faults.pop(0) if self._faults else ""
        if fault == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        if fault == "broken":
            return await broken(request)
        if fault == "error_500":
            return _refusal("internal error", 500)
        if fault == "rate_limited":
            return JSONResponse({"detail": "rate limited"}, 429, {"Retry-After": "90"})
        return None

    async def _events(self, _: Request) -> Response:
        """List the reported events, oldest first, and the number of calls."""
        return JSONResponse({"events": [*self.events], "asked": self._asked})

    async def _forget(self, _: Request) -> Response:
        self.events.clear()
        self._asked = 0
        return Response(status_code=204)

    async def _plan(self, request: Request) -> Response:
        body = await request.json()
        mode, count = body.get("mode"), body.get("count", 1)
        if mode not in _FAULTS or not isinstance(count, int) or count < 1:
            return _refusal(f"`mode` is one of {', '.join(sorted(_FAULTS))}, `count` above 0", 422)
        self._faults += [mode] * count
        return Response(status_code=201)

    async def _heal(self, _: Request) -> Response:
        self._faults.clear()
        return Response(status_code=204)

    async def _page(self, _: Request) -> Response:
        rows = "".join(map(_row, reversed(self.events))) or "<li>No error yet.</li>"
        return HTMLResponse(
            _PAGE.format(events=rows),
            headers={"content-security-policy": _POLICY, "cache-control": "no-store"},
        )


def _refusal(detail: str, status: int) -> Response:
    return JSONResponse({"detail": detail}, status)


def _row(event: dict[str, Any]) -> str:
    last = event["exception"]["values"][-1]
    tags = " · ".join(f"{name} {value}" for name, value in event.get("tags", {}).items())
    frames = "\n".join(
        f"{frame['filename']}:{frame['lineno']} {frame['function']}"
        for frame in last.get("stacktrace", {"frames": ()})["frames"]
    )
    title = escape(f"{last['type']} {last['value']}")
    return f"<li><strong>{title}</strong><br>{escape(tags)}<pre>{escape(frames)}</pre></li>"
