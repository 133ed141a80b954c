"""Forwards a request and its answer, both as streams."""

from collections.abc import Iterable, Mapping

import httpx
from starlette.background import BackgroundTask
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import StreamingResponse

# RFC 9110, 7.6.1: these concern one connection only.
_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
# Our own server sets the date.
_NOT_PASSED_BACK = _HOP_BY_HOP | {"date"}
_CONNECTIONS = 200


class UnreachableError(Exception):
    """The server behind the front does not answer."""


class Forwarder:
    def __init__(self) -> None:
        self._client = httpx.AsyncClient(
            # No limit on reading: clients have their own, and a stopped part must look stopped.
            timeout=httpx.Timeout(None, connect=2),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=_CONNECTIONS),
            trust_env=False,
            follow_redirects=False,
        )

    async def __call__(
        self,
        request: Request,
        base: str,
        raw_path: bytes,
        replaced: Mapping[str, str | None] | None = None,
    ) -> StreamingResponse:
        """Send the request to `base` under this raw path; a replacement of None drops a header."""
        replaced = replaced or {}
        added = [(n.encode(), value.encode()) for n, value in replaced.items() if value is not None]
        outgoing = self._client.build_request(
            request.method,
            httpx.URL(base).copy_with(raw_path=raw_path),
            headers=[*passed_on(request.headers, without=replaced), *added],
            content=request.stream() if _has_body(request.headers) else None,
        )
        try:
            answer = await self._client.send(outgoing, stream=True)
        except httpx.TransportError as error:
            raise UnreachableError(base) from error
        back = StreamingResponse(
            answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose)
        )
        back.raw_headers = [
            (name.lower(), value)
            for name, value in answer.headers.raw
            if name.lower().decode("latin-1") not in _NOT_PASSED_BACK
        ]
        return back


def passed_on(headers: Headers, without: Iterable[str]) -> list[tuple[bytes, bytes]]:
    """Return the end-to-end headers as bytes: a value may hold any."""
    dropped = _HOP_BY_HOP | {"host"} | {name.lower() for name in without}
    return [(name, value) for name, value in headers.raw if name.decode().lower() not in dropped]


def _has_body(headers: Headers) -> bool:
    return "content-length" in headers or "transfer-encoding" in headers


def raw_path(request: Request) -> bytes:
    """Return the path as it was sent, escapes and all."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return path.partition(b"?")[0]


def with_query(request: Request, path: bytes) -> bytes:
    query: bytes = request.scope["query_string"]
    return path + b"?" + query if query else path
