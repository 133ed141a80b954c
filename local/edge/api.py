"""The API's address: stands in for API Gateway's custom domain and the photo CDN; GraphiQL."""

import asyncio
import json
import os
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local.edge import graphiql
from local.edge.forward import Forwarder, UnreachableError, raw_path, with_query
from local.stack import Stack

# The emulator starts a process for every request in flight, as Lambda starts an environment. This
# is what one machine can bear; other requests wait here.
CONCURRENCY = max(8, 2 * (os.cpu_count() or 1))
PHOTOS = "/_photos"


def front(stack: Stack, forward: Forwarder) -> ASGIApp:
    """Return the application that passes every path on to the deployed API."""
    turns = asyncio.Semaphore(CONCURRENCY)

    async def photo(request: Request, found: dict[str, str]) -> Response:
        host = found["PhotosUrl"].removeprefix("https://")
        path = raw_path(request).removeprefix(PHOTOS.encode())
        # The emulator finds a distribution by its host name, and redirects plain HTTP.
        replaced: dict[str, str | None] = {"host": host, "x-forwarded-proto": "https"}
        return await forward(request, stack.url("ministack"), path, replaced)

    async def answer(request: Request) -> Response:
        if graphiql.asked_for(request.url.path):
            return graphiql.answer(request.url.path)
        found = deployed(stack)
        if found is None:
            return _unavailable("Nothing is deployed yet: run `make up`.")
        prefix = f"/_aws/execute-api/{found['ApiId']}/$default".encode()
        path = with_query(request, prefix + raw_path(request))
        try:
            if request.url.path.startswith(f"{PHOTOS}/"):
                return await photo(request, found)
            async with turns:
                return await forward(request, stack.url("ministack"), path)
        except UnreachableError:
            return _unavailable("The API gateway is not reachable: run `make up`.")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await answer(Request(scope, receive))
        await response(scope, receive, send)

    return app


def deployed(stack: Stack) -> dict[str, str] | None:
    """Return the recorded outputs of the last deployment."""
    try:
        outputs: dict[str, str] = json.loads((stack.state / "outputs.json").read_text())
    except FileNotFoundError:
        return None
    return outputs


def _unavailable(detail: str) -> Response:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": "dependency_unavailable",
    }
    return JSONResponse(
        problem, status, {"retry-after": "1"}, media_type="application/problem+json"
    )
