"""The sandbox's own endpoints, under /_sandbox, and the page of pushes."""

import json
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from local.fcm.api import Api
from local.fcm.errors import FcmError
from local.fcm.faults import Faults
from local.fcm.phones import Phones, Push

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Pushes</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 45rem; margin: 2rem auto; }}
li {{ border: 1px solid gray; border-radius: .75rem; padding: .75rem 1rem; margin: .75rem 0;
    list-style: none; white-space: pre-line; }}
small {{ overflow-wrap: anywhere; }}
ul {{ padding: 0; }}
</style>
</head>
<body>
<h1>Pushes</h1>
<p><a href="/">Emails</a></p>
<ul>{pushes}</ul>
</body>
</html>
"""


class Control:
    def __init__(self, api: Api, phones: Phones, faults: Faults) -> None:
        self._api = api
        self._phones = phones
        self._faults = faults

    def routes(self) -> list[Route]:
        return [
            Route("/", self._page),
            Route("/_sandbox/pushes", self._pushes),
            Route("/_sandbox/pushes", self._forget, methods=["DELETE"]),
            Route("/_sandbox/journal", self._journal),
            Route("/_sandbox/faults", self._plan, methods=["POST"]),
            Route("/_sandbox/faults", self._heal, methods=["DELETE"]),
            Route("/_sandbox/clock", self._pass_time, methods=["POST"]),
            Route("/_sandbox/phones/{token}", self._phone),
            Route("/_sandbox/phones/{token}", self._change_phone, methods=["PUT"]),
        ]

    async def _page(self, _: Request) -> Response:
        rows = "".join(map(_row, reversed(self._phones.pushes))) or "<li>No push yet.</li>"
        return HTMLResponse(
            _PAGE.format(pushes=rows),
            headers={"content-security-policy": _POLICY, "cache-control": "no-store"},
        )

    async def _pushes(self, request: Request) -> Response:
        """List accepted pushes, oldest first; `?token=` filters by token."""
        wanted = request.query_params.get("token", "")
        found = [vars(one) for one in self._phones.pushes if wanted in one.token]
        return JSONResponse(found)

    async def _forget(self, _: Request) -> Response:
        self._phones.clear()
        return Response(status_code=204)

    async def _journal(self, _: Request) -> Response:
        return JSONResponse({"grants": self._api.grants, "accepted": len(self._phones.pushes)})

    async def _plan(self, request: Request) -> Response:
        return JSONResponse(dict(vars(self._faults.add(await _object(request)))), 201)

    async def _heal(self, _: Request) -> Response:
        self._faults.clear()
        return Response(status_code=204)

    async def _pass_time(self, request: Request) -> Response:
        self._phones.pass_time(float((await _object(request)).get("seconds", 0)))
        return Response(status_code=204)

    async def _phone(self, request: Request) -> Response:
        return JSONResponse(self._phones.as_json(request.path_params["token"]))

    async def _change_phone(self, request: Request) -> Response:
        token, body = request.path_params["token"], await _object(request)
        self._phones.of(token).registered = bool(body.get("registered", True))
        self._phones.set_online(token, online=bool(body.get("online", True)))
        return JSONResponse(self._phones.as_json(token))


def _row(push: Push) -> str:
    shown = push.message.get("notification", {})
    title, body = escape(str(shown.get("title", ""))), escape(str(shown.get("body", "")))
    data = escape(json.dumps(push.message.get("data", {})))
    return f"<li><strong>{title}</strong>\n{body}\n<small>{data} · {escape(push.tag)}</small></li>"


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise FcmError("The request body must be a JSON object.")
    return body
