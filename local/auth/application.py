"""The stand-in as one application: Supabase Auth, and its switches under /_sandbox."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from local.auth import admin, own, public, sessions
from local.auth.call import Call, Database, Handler
from local.auth.control import Control
from local.auth.faults import Faults, Mode
from local.auth.project import Project
from local.auth.refusal import VERSION_HEADER, LastingRefusal, Refusal, failed

Connect = Callable[[], AbstractContextManager[Database]]

# The most requests that use the database at once.
_CONNECTIONS = 12
_PATIENCE_SECONDS = 3
_PREFIX = "/auth/v1"
_AWAY = "<!DOCTYPE html><title>503</title><h1>Service Temporarily Unavailable</h1>"


@dataclass(frozen=True)
class _Endpoint:
    method: str
    path: str
    handler: Handler
    # The setting that sizes the rate-limit bucket.
    limit: str | None = None


_ENDPOINTS = (
    _Endpoint("POST", "/signup", public.sign_up, "sign_in_sign_ups"),
    _Endpoint("POST", "/token", public.token, "token_refresh"),
    _Endpoint("POST", "/recover", public.recover, "sign_in_sign_ups"),
    _Endpoint("POST", "/otp", public.one_time_password, "sign_in_sign_ups"),
    _Endpoint("POST", "/magiclink", public.one_time_password, "sign_in_sign_ups"),
    _Endpoint("POST", "/resend", public.resend, "sign_in_sign_ups"),
    _Endpoint("POST", "/verify", public.verify, "token_verifications"),
    _Endpoint("GET", "/settings", public.settings),
    _Endpoint("GET", "/health", public.health),
    _Endpoint("GET", "/user", own.read),
    _Endpoint("PUT", "/user", own.change, "sign_in_sign_ups"),
    _Endpoint("POST", "/logout", own.sign_out),
    _Endpoint("GET", "/admin/users", admin.list_users),
    _Endpoint("POST", "/admin/users", admin.create_user),
    _Endpoint("GET", "/admin/users/{user_id}", admin.read_user),
    _Endpoint("PUT", "/admin/users/{user_id}", admin.change_user),
    _Endpoint("DELETE", "/admin/users/{user_id}", admin.delete_user),
    _Endpoint("POST", "/admin/generate_link", admin.generate_link),
)


def stand_in(project: Project, connect: Connect) -> ASGIApp:
    faults = Faults()
    server = _Server(project, connect, faults)
    return Starlette(
        routes=[
            *(server.route(endpoint) for endpoint in _ENDPOINTS),
            *Control(project, faults).routes(),
        ],
        exception_handlers={Refusal: _refused, HTTPException: _no_such_endpoint},
    )


class _Server:
    def __init__(self, project: Project, connect: Connect, faults: Faults) -> None:
        self._project = project
        self._connect = connect
        self._faults = faults
        self._turns = asyncio.Semaphore(_CONNECTIONS)

    def route(self, endpoint: _Endpoint) -> Route:
        async def answer(request: Request) -> Response:
            body = await _body(request)
            address = self._address(request)
            fault = self._faults.take(request.url.path, str(body.get("email", "")))
            if fault and fault.mode is Mode.SLOW:
                await asyncio.sleep(fault.seconds)
            elif fault and fault.mode is not Mode.LOST_RESPONSE:
                return _fail(fault.mode, request)
            self._charge(endpoint, address)
            async with self._turns:
                answered = await run_in_threadpool(
                    self._answer, endpoint.handler, request, body, address
                )
            lost = fault is not None and fault.mode is Mode.LOST_RESPONSE
            return HTMLResponse(_AWAY, HTTPStatus.GATEWAY_TIMEOUT) if lost else answered

        return Route(_PREFIX + endpoint.path, answer, methods=[endpoint.method])

    def _address(self, request: Request) -> str | None:
        """Return the client's address; the gateway passes a forwarded one with a secret key."""
        sent = request.headers.get("sb-forwarded-for")
        if sent and self._project.settings.ip_forwarding:
            forwarded = sessions.address(sent)
            if forwarded:
                return forwarded
        return sessions.address(request.headers.get("x-forwarded-for", ""))

    def _charge(self, endpoint: _Endpoint, address: str | None) -> None:
        settings = self._project.settings
        if settings.limits and endpoint.limit and address:
            rate = getattr(settings, endpoint.limit)
            self._project.limits.charge(endpoint.method + endpoint.path, address, rate)

    def _answer(
        self, handler: Handler, request: Request, body: dict[str, Any], address: str | None
    ) -> Response:
        """Answer in one transaction, which a refusal undoes unless it says otherwise."""
        try:
            with self._connect() as database:
                call = Call(
                    *(self._project, database, request.path_params, request.query_params),
                    *(request.headers, body, address),
                )
                try:
                    found = handler(call)
                except LastingRefusal as refusal:
                    database.commit()
                    return refusal.response(request.headers.get(VERSION_HEADER))
        except psycopg.Error as error:
            raise failed(f"Database error: {type(error).__name__}") from error
        if found is None:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return JSONResponse(found)


def connector(url: str) -> Connect:
    """Return a pool that checks each connection before lending it."""
    pool = ConnectionPool(
        url,
        connection_class=psycopg.Connection[dict[str, Any]],
        kwargs={"row_factory": dict_row, "prepare_threshold": None},
        min_size=0,
        max_size=_CONNECTIONS,
        timeout=_PATIENCE_SECONDS,
        check=ConnectionPool.check_connection,
        open=True,
    )
    return pool.connection


async def _body(request: Request) -> dict[str, Any]:
    sent = await request.body()
    try:
        body = json.loads(sent) if sent else {}
    except ValueError:
        body = None
    if not isinstance(body, dict):
        message = "Could not parse request body as JSON"
        raise Refusal(HTTPStatus.BAD_REQUEST, "bad_json", message)
    return body


def _fail(mode: Mode, request: Request) -> Response:
    if mode is Mode.DOWN:
        return HTMLResponse(_AWAY, HTTPStatus.SERVICE_UNAVAILABLE)
    refusal = failed("Internal server error")
    if mode is Mode.RATE_LIMITED:
        message = "Request rate limit reached"
        status = HTTPStatus.TOO_MANY_REQUESTS
        refusal = Refusal(status, "over_request_rate_limit", message)
    return refusal.response(request.headers.get(VERSION_HEADER))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - the handler of this class
    return error.response(request.headers.get(VERSION_HEADER))


async def _no_such_endpoint(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler of this class
    return Response("404 page not found\n", error.status_code, media_type="text/plain")
