"""Conditional requests (RFC 9110, section 13): a client that has the current answer gets a 304."""

import hashlib
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from fastapi import Depends, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CACHEABLE: dict[int | str, dict[str, Any]] = {
    HTTPStatus.NOT_MODIFIED: {"description": "The answer with your ETag is still current."}
}
"""The `responses` of a route whose answer may be cached."""


async def _revalidate(response: Response) -> None:
    response.headers["Cache-Control"] = "private, no-cache"


REVALIDATED: Any = Depends(_revalidate)
"""The dependency of a route whose answer a client may cache but must revalidate each time."""


class Conditional:
    """Gives an ETag to answers to GET whose Cache-Control allows one, honouring `If-None-Match`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        answer: list[Message] = []

        async def hold(message: Message) -> None:
            answer.append(message)

        try:
            await self._app(scope, receive, hold)
        finally:  # a crash has been answered before it is raised
            for message in _conditional(Headers(scope=scope), answer):
                await send(message)


def _conditional(request: Headers, answer: list[Message]) -> Iterable[Message]:
    if not (answer and answer[0]["status"] == HTTPStatus.OK and _may_be_cached(answer[0])):
        return answer
    start, *parts = answer
    body = b"".join(part.get("body", b"") for part in parts)
    headers = MutableHeaders(scope=start)
    tag = headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if not _knows(request.get("if-none-match", ""), tag):
        return answer
    start["status"] = HTTPStatus.NOT_MODIFIED
    del headers["content-length"]
    return [start, {"type": "http.response.body", "body": b""}]


def _may_be_cached(start: Message) -> bool:
    control = MutableHeaders(scope=start).get("cache-control", "no-store")
    return "no-store" not in control


def _knows(known: str, tag: str) -> bool:
    """Compare weakly, as section 13.1.2 asks: a proxy that compresses weakens the tag."""
    tags = {each.strip().removeprefix("W/") for each in known.split(",")}
    return not tags.isdisjoint({tag, "*"})
