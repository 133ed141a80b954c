"""The stand-in's own endpoints, under /_sandbox: faults and settings for tests."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.auth.faults import Faults
from local.auth.project import Project
from local.auth.refusal import invalid


class Control:
    def __init__(self, project: Project, faults: Faults) -> None:
        self._project = project
        self._faults = faults
        self._configured = project.settings

    def routes(self) -> list[Route]:
        return [
            Route("/_sandbox/faults", self._plan, methods=["POST"]),
            Route("/_sandbox/faults", self._waiting),
            Route("/_sandbox/faults", self._heal, methods=["DELETE"]),
            Route("/_sandbox/hook", self._sign_with, methods=["POST"]),
            Route("/_sandbox/hook", self._hook_answers),
            Route("/_sandbox/settings", self._change, methods=["POST"]),
            Route("/_sandbox/settings", self._settings),
            Route("/_sandbox/settings", self._restore, methods=["DELETE"]),
        ]

    async def _plan(self, request: Request) -> Response:
        return JSONResponse(dict(vars(self._faults.add(await _object(request)))), 201)

    async def _waiting(self, _: Request) -> Response:
        return JSONResponse(self._faults.waiting())

    async def _heal(self, _: Request) -> Response:
        self._faults.clear()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _sign_with(self, request: Request) -> Response:
        """Set the secret that signs requests to the Send Email hook, as the dashboard does."""
        self._project.hook_secret = str((await _object(request)).get("secret"))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _hook_answers(self, _: Request) -> Response:
        return JSONResponse(self._project.hook_answers)

    async def _change(self, request: Request) -> Response:
        """Change some settings, and refill the buckets of all addresses."""
        self._project.settings = self._project.settings.changed(await _object(request))
        self._project.limits.clear()
        return JSONResponse(asdict(self._project.settings))

    async def _settings(self, _: Request) -> Response:
        return JSONResponse(asdict(self._project.settings))

    async def _restore(self, _: Request) -> Response:
        self._project.settings = self._configured
        self._project.limits.clear()
        return Response(status_code=HTTPStatus.NO_CONTENT)


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid("the body has to be a JSON object")
    return body
