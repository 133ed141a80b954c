"""Receives segments over UDP, as the daemon on Lambda does, and lists them under /xray."""

import json
import socket
from collections import deque
from collections.abc import Iterable
from threading import Thread
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from local.stack import HOST, Stack

PATH = "/xray"
_KEPT = 50_000
_LARGEST = 65_536


def address(stack: Stack) -> str:
    """Return where the daemon listens: the sandbox's port, over UDP."""
    return f"{HOST}:{stack.port('resend')}"


class Daemon:
    """The newest segments, in order of arrival."""

    def __init__(self) -> None:
        self.segments: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def listen(self, port: int) -> None:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        server.bind((HOST, port))
        Thread(target=self._receive, args=(server,), daemon=True).start()

    def _receive(self, server: socket.socket) -> None:
        while True:
            self.take(server.recv(_LARGEST))

    def take(self, datagram: bytes) -> None:
        """Keep a segment; drop any other datagram, as the daemon does."""
        header, _, body = datagram.partition(b"\n")
        try:
            if json.loads(header) == {"format": "json", "version": 1}:
                self.segments.append(json.loads(body))
        except ValueError:
            return

    def of(self, request_id: str) -> list[dict[str, Any]]:
        """Return the segments of a request's invocation, and of the invocations it caused."""
        found = [*self.segments]
        roots = {one["id"] for one in found if _concerns(one, request_id)}
        return [*_below(found, roots)]

    def mounted(self) -> Mount:
        return Mount(PATH, routes=[Route("/segments", self._list)])

    async def _list(self, request: Request) -> Response:
        wanted = request.query_params.get("request_id")
        return JSONResponse([*self.segments] if wanted is None else self.of(wanted))


def _concerns(segment: dict[str, Any], request_id: str) -> bool:
    caused_by = segment.get("metadata", {}).get("wingman", {}).get("caused_by", ())
    own = segment.get("annotations", {}).get("request_id")
    return bool(request_id == own or request_id in caused_by)


def _below(segments: Iterable[dict[str, Any]], roots: set[str]) -> Iterable[dict[str, Any]]:
    """Yield these segments and their descendants; a parent arrives after its children."""
    for one in reversed([*segments]):
        if one["id"] in roots or one.get("parent_id") in roots:
            roots.add(one["id"])
            yield one
