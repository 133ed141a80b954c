"""Every error as `application/problem+json` (RFC 9457)."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route

from wingman.kit.errors import (
    AccountDeleted,
    InvalidRequest,
    MalformedJson,
    MethodNotAllowed,
    NoSuchRoute,
    PayloadTooLarge,
    ProblemError,
)
from wingman.kit.presence.departures import end_presence
from wingman.kit.refusals import record

MEDIA_TYPE = "application/problem+json"


def members(error: ProblemError, request_id: str) -> dict[str, object]:
    return {
        "type": f"urn:wingman:problem:{error.code}",
        "title": error.title,
        "status": int(error.status),
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
    }


def render(
    error: ProblemError, request_id: str, fields: Iterable[Mapping[str, str]] = ()
) -> Response:
    body = {**members(error, request_id), **error.extension}
    if errors := list(fields):
        body["errors"] = errors
    return JSONResponse(body, error.status, headers=error.headers, media_type=MEDIA_TYPE)


def problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for this class
    record(error)
    if isinstance(error, AccountDeleted):
        end_presence(request.state.caller.id)
    named = error.fields if isinstance(error, InvalidRequest) else {}
    fields = [{"field": name, "message": message} for name, message in named.items()]
    return render(error, request.state.request_id, fields)


def invalid(request: Request, error: Exception) -> Response:
    """Render validation errors: 400 for malformed JSON, otherwise 422 with the fields' names."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return render(MalformedJson(), request.state.request_id)
    fields = [{"field": _field(item["loc"]), "message": _message(item)} for item in found]
    return render(InvalidRequest(), request.state.request_id, fields)


_REFUSALS: dict[int, type[ProblemError]] = {
    HTTPStatus.BAD_REQUEST: MalformedJson,
    HTTPStatus.NOT_FOUND: NoSuchRoute,
    HTTPStatus.METHOD_NOT_ALLOWED: MethodNotAllowed,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: PayloadTooLarge,
}


def _field(location: tuple[int | str, ...]) -> str:
    """Name the field as the client wrote it: `user_id`, not `body.user_id`."""
    name = ".".join(str(part) for part in location[1:]) or str(location[0])
    return name[:100]


def _message(error: Mapping[str, Any]) -> str:
    """Drop pydantic's prefix of messages from our own validators."""
    return str(error["msg"]).removeprefix("Value error, ")


def routing(request: Request, error: Exception) -> Response:
    """Render the framework's errors: unknown route, wrong method, malformed body."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    refusal = _REFUSALS.get(error.status_code, ProblemError)()
    if isinstance(refusal, MethodNotAllowed):
        refusal.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return render(refusal, request.state.request_id)


def crash(request: Request, _: Exception) -> Response:
    return render(ProblemError(), request.state.request_id)


def _methods(request: Request) -> set[str]:
    """Collect the methods of every route of this path; the framework names only one route's."""
    elsewhere: set[str] = request.app.state.elsewhere.get(request.url.path, set())
    methods = elsewhere | {
        method
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
    return methods | ({"HEAD"} if "GET" in methods else set())  # Envelope
