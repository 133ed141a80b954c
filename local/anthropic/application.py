"""The stand-in as one application: the provider, and its switches under /_sandbox."""

import asyncio
import uuid
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from local.anthropic import messages
from local.anthropic.errors import (
    AnthropicError,
    AuthenticationError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    RateLimitError,
)
from local.anthropic.faults import Fault, Faults, Mode
from local.keys import Keys

TIMEOUT_SECONDS = 60
_KEPT = 1000


class StandIn:
    def __init__(self, api_key: str) -> None:
        self._keys = Keys(api_key)
        self._faults = Faults()
        self._requests: list[dict[str, Any]] = []

    def routes(self) -> list[Route]:
        return [
            *self._keys.routes(),
            Route("/v1/messages", self._create, methods=["POST"]),
            Route("/v1/models/{model}", self._model),
            Route("/_sandbox/requests", self._list),
            Route("/_sandbox/requests", self._forget, methods=["DELETE"]),
            Route("/_sandbox/faults", self._plan, methods=["POST"]),
            Route("/_sandbox/faults", self._heal, methods=["DELETE"]),
        ]

    def _admit(self, request: Request) -> None:
        if not self._keys.admit_bearer(_key(request)):
            raise AuthenticationError("invalid x-api-key")
        if not request.headers.get("anthropic-version"):
            raise InvalidRequestError("anthropic-version: header is required")

    async def _model(self, request: Request) -> Response:
        """Describe a model; every name that starts with `claude-` exists."""
        self._admit(request)
        name = request.path_params["model"]
        if not name.startswith("claude-"):
            raise NotFoundError(f"model: {name}")
        return JSONResponse({"type": "model", "id": name, "display_name": name})

    async def _create(self, request: Request) -> Response:
        self._admit(request)
        body = await _json(request)
        self._requests = [*self._requests, body][-_KEPT:]
        asked = messages.read(body)
        answer = await _fail(self._faults.take(), asked)
        return JSONResponse(answer, headers={"request-id": f"req_{uuid.uuid4().hex[:24]}"})

    async def _list(self, _: Request) -> Response:
        return JSONResponse(self._requests)

    async def _forget(self, _: Request) -> Response:
        self._requests.clear()
        return Response(status_code=204)

    async def _plan(self, request: Request) -> Response:
        return JSONResponse(dict(vars(self._faults.add(await _json(request)))), 201)

    async def _heal(self, _: Request) -> Response:
        self._faults.clear()
        return Response(status_code=204)


def stand_in(api_key: str) -> ASGIApp:
    return Starlette(
        routes=StandIn(api_key).routes(),
        exception_handlers={AnthropicError: _refusal, HTTPException: _no_such_endpoint},
    )


async def _fail(fault: Fault | None, asked: messages.MessageRequest) -> dict[str, Any]:
    """Fail as a fault demands, or answer."""
    match fault.mode if fault else None:
        case Mode.ERROR_500:
            raise AnthropicError("Internal server error")
        case Mode.OVERLOADED:
            raise OverloadedError("Overloaded")
        case Mode.RATE_LIMITED:
            assert fault  # noqa: S101 - it has a mode
            wait = {"retry-after": str(fault.retry_after)}
            raise RateLimitError("This request would exceed your rate limit", wait)
        case Mode.TIMEOUT:
            await asyncio.sleep(TIMEOUT_SECONDS)
        case Mode.MALFORMED:
            return messages.message(asked, "Of course! Here are some tips: be yourself.")
        case Mode.CUT:
            return messages.message(asked, '{"tips": ["Begin with a', "max_tokens")
        case Mode.REFUSAL:
            return messages.message(asked, "I can't help with that.", "refusal")
    return messages.message(asked)


def _key(request: Request) -> str:
    """Return the key from either header; the SDK sends a bearer token since its version 2."""
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    return request.headers.get("x-api-key", bearer)


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise InvalidRequestError("The request body is not valid JSON.")
    return body


async def _refusal(_: Request, error: Exception) -> Response:
    return cast("AnthropicError", error).response()


async def _no_such_endpoint(_: Request, __: Exception) -> Response:
    return NotFoundError("Not found").response()
