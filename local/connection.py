"""Breaking a connection, which ASGI does not offer."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


def with_transport(app: ASGIApp) -> ASGIApp:
    """Make the connection's transport available to handlers.

    uvicorn's `send` is a method of its request cycle, which has the transport; there
    is no public way to it.
    """

    async def outermost(scope: Scope, receive: Receive, send: Send) -> None:
        cycle = getattr(send, "__self__", None)
        scope.setdefault("state", {})["transport"] = getattr(cycle, "transport", None)
        await app(scope, receive, send)

    return outermost


async def broken(request: Request) -> Response:
    """Break the connection; the returned answer is never sent."""
    transport: asyncio.Transport | None = request.scope["state"]["transport"]
    if transport is not None:
        transport.abort()
        await asyncio.sleep(0.01)  # until the server has noticed
    return Response(status_code=499)
