"""Routes that run their limit before anything else."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

Handle = Callable[[Request], Awaitable[Response]]


class Limit:
    """The limit of a route, given to it as a dependency; its `run` precedes all others."""

    async def run(self, request: Request, handle: Handle) -> Response:
        """Charge a request, then handle it. Raises LimitReached, and what a token's check does."""
        raise NotImplementedError


class LimitedRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        calls: list[object] = [each.call for each in self.dependant.dependencies]
        limits = [call for call in calls if isinstance(call, Limit)]
        if not limits:
            return handle
        [limited] = limits

        async def run(request: Request) -> Response:
            return await limited.run(request, handle)

        return run
