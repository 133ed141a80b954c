"""One uvicorn server on several loopback ports."""

import asyncio
import socket
from collections.abc import Mapping, Sequence

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from local.stack import HOST

BACKLOG = 512


def by_port(fronts: Mapping[int, ASGIApp]) -> ASGIApp:
    """Return an application that picks the front by the called port.

    It answers `/_alive` itself, so that this reports on the process, not on a part behind it.
    """

    async def pick(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/_alive":
            await PlainTextResponse("alive")(scope, receive, send)
        else:
            await fronts[scope["server"][1]](scope, receive, send)

    return pick


def serve(app: ASGIApp, ports: Sequence[int]) -> None:
    """Serve the application until a signal ends the process."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        # Do not trust a client address in a header.
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
    )
    sockets = [_listen(port) for port in ports]
    asyncio.run(uvicorn.Server(config).serve(sockets))


def _listen(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only if the protocol is given; it costs 40 ms an answer.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener
