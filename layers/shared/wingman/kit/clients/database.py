"""Postgres through PostgREST; a client for a user is never cached."""

import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from hashlib import sha256
from typing import Any, Protocol

import httpx
from postgrest import APIError, SyncPostgrestClient

from wingman.kit.clients.answers import require_answer
from wingman.kit.clients.circuits import with_supabase_retry
from wingman.kit.clients.dependencies import SUPABASE
from wingman.kit.clients.transport import http_client, never_sent
from wingman.kit.errors import (
    CallTimedOut,
    DependencyRefused,
    DependencyUnavailable,
    InvalidRequest,
    ProblemError,
    TokenExpired,
    Unauthenticated,
)
from wingman.kit.observability import observe
from wingman.kit.resilience.retry import pause
from wingman.kit.settings import SupabaseServiceSettings, SupabaseSettings, load
from wingman.kit.tracing.requests import request_id

TIMEOUT_SECONDS = 5.0
BACKEND_KEY_HEADER = "X-Backend-Key"
# Not X-Request-Id, which gateways on the way replace.
REQUEST_ID_HEADER = "X-Caller-Request-Id"
# PostgREST refused the request because it had no accepted backend key.
BACKEND_KEY_REQUIRED = "PT403"

# PostgREST refused the token: not valid, no anonymous access, or expired or not valid yet.
_TOKEN_REFUSED = frozenset({"PGRST301", "PGRST302", "PGRST303"})
# Clocks that differ by less than a second make a new token look as if it came from the future.
_CLOCKS_DIFFER_SECONDS = 0.3


class Database(Protocol):
    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        """Call a SQL function and return its result, decoded from JSON.

        An `idempotent` call is repeated if its answer was lost. Raises DatabaseError for a
        SQLSTATE, DependencyUnavailable when Postgres is unavailable.
        """
        ...


class DatabaseError(Exception):
    """An error that Postgres raised; `code` is its SQLSTATE."""

    def __init__(self, code: str, message: str, detail: str | None) -> None:
        self.code = code
        self.message = message
        self.detail = detail
        super().__init__(f"{code}: {message}")


class NotServiceRole(Exception):
    """SUPABASE_SECRET_KEY is accepted, but does not bypass row-level security."""


class Operation(StrEnum):
    """The party on whose behalf a database operation runs."""

    USER = "user"
    PUBLIC = "public"
    SERVICE = "service"


Refusals = Mapping[str, Callable[[DatabaseError], ProblemError]]
# Any function for users may raise these.
EVERYWHERE: Refusals = {
    "WA004": lambda _: InvalidRequest(fields={"body": "a text in it is too long"}),
}


def call(
    refusals: Refusals, database: Database, function: str, *, idempotent: bool, **params: object
) -> Any:
    """Call a SQL function and translate its SQLSTATEs into the errors of `refusals`."""
    try:
        return database.rpc(function, params, idempotent=idempotent)
    except DatabaseError as error:
        refusal = refusals.get(error.code) or EVERYWHERE.get(error.code)
        if refusal is None:
            raise
        raise refusal(error) from error


def refused_field(error: DatabaseError) -> InvalidRequest:
    """Return the error of a field that SQL refuses; the detail is `field: reason`."""
    field, _, reason = (error.detail or "").partition(": ")
    return InvalidRequest(fields={field: reason})


class PostgrestDatabase(Database):
    def __init__(
        self, url: str, headers: Mapping[str, str], session: httpx.Client, token: str | None = None
    ) -> None:
        own = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._token = token
        self._client = SyncPostgrestClient(
            f"{url}/rest/v1", headers={**headers, **own}, http_client=session, retry_enabled=False
        )

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        retry = with_supabase_retry.replace(
            idempotent=idempotent, probe=self.ping, caller=self._caller
        )
        return retry.run(lambda: self._call(function, params))

    def ping(self) -> None:
        """Check that Postgres answers this client, without breaker and retries.

        Raises DatabaseError or DependencyUnavailable when it does not.
        """
        self._call("ping", {})

    def ping_as_service_role(self) -> None:
        """Ping, and check the role. Raises also NotServiceRole."""
        try:
            self._call("ping_as_service_role", {})
        except DependencyRefused as error:  # only service_role needs no backend key
            raise NotServiceRole from error

    def _call(self, function: str, params: Mapping[str, object]) -> Any:
        try:
            return self._post(function, params)
        except _TokenRefusedError as error:
            if self._token and _claims(self._token).get("exp", 0) <= time.time():
                raise TokenExpired from error
        pause(_CLOCKS_DIFFER_SECONDS)
        try:
            return self._post(function, params)
        except _TokenRefusedError as error:
            if self._token:
                raise Unauthenticated from error
            raise DependencyRefused("supabase", not_executed=True) from error

    def _post(self, function: str, params: Mapping[str, object]) -> Any:
        began = time.monotonic()
        try:
            return self._client.rpc(function, dict(params)).execute().data  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise _unanswered(error) from error
        except APIError as error:
            raise _translated(error) from error
        finally:
            observe("DatabaseLatency", (time.monotonic() - began) * 1000, "Milliseconds")

    def _caller(self) -> str:
        user_id = str(_claims(self._token).get("sub", "")) if self._token else ""
        return sha256(user_id.encode()).hexdigest()[:16] if user_id else ""


class _TokenRefusedError(Exception):
    """PostgREST does not accept the token of the request, a user's or the gateway's own."""


def _claims(token: str) -> Mapping[str, Any]:
    """Read a token that our own functions have verified."""
    # Only failures need it, and the workers never do: the import adds 10 ms to a cold start.
    import jwt  # noqa: PLC0415

    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}
    return claims


def _unanswered(error: httpx.HTTPError) -> DependencyUnavailable:
    if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
        return CallTimedOut("supabase")
    return DependencyUnavailable("supabase", not_executed=never_sent(error))


def _translated(error: APIError) -> Exception:
    code = error.code or ""
    if code == BACKEND_KEY_REQUIRED:
        return DependencyRefused("supabase", not_executed=True)
    if code in _TOKEN_REFUSED:
        return _TokenRefusedError(code)
    return DatabaseError(code, error.message or "", error.details)


def get_user_client(access_token: str, *, timeout: float = TIMEOUT_SECONDS) -> PostgrestDatabase:
    """Act as the calling user; `timeout` is for a function that may take longer than others."""
    settings = load(SupabaseSettings)
    headers = _publishable_key_headers(settings)
    return PostgrestDatabase(settings.supabase_url, headers, _session(timeout), access_token)


@cache
def get_anon_client() -> PostgrestDatabase:
    settings = load(SupabaseSettings)
    return PostgrestDatabase(settings.supabase_url, _publishable_key_headers(settings), _session())


def _publishable_key_headers(settings: SupabaseSettings) -> dict[str, str]:
    return {
        "apikey": settings.supabase_publishable_key.get_secret_value(),
        BACKEND_KEY_HEADER: settings.backend_key.get_secret_value(),
    }


@cache
def get_service_client() -> PostgrestDatabase:
    """Act as the system, bypassing row-level security. Never use it in a function for users."""
    settings = load(SupabaseServiceSettings)
    headers = secret_key_headers(settings.supabase_secret_key.get_secret_value())
    return PostgrestDatabase(settings.supabase_url, headers, _session())


def secret_key_headers(key: str) -> dict[str, str]:
    """Return the headers with which a request acts as service_role.

    A legacy key is a JWT, whose role PostgREST reads only from a bearer token. A new key is opaque:
    Supabase maps it to a role, and rejects it as a bearer token.
    """
    is_jwt = key.count(".") == 2  # noqa: PLR2004 - header, payload and signature
    return {"apikey": key} | ({"Authorization": f"Bearer {key}"} if is_jwt else {})


def get_client_for_operation(operation: Operation, access_token: str | None = None) -> Database:
    """Return the least privileged client. Raises Unauthenticated for a user without a token."""
    if operation is Operation.SERVICE:
        return get_service_client()
    if operation is Operation.PUBLIC:
        return get_anon_client()
    if access_token is None:
        raise Unauthenticated
    return get_user_client(access_token)


@cache
def _session(timeout: float = TIMEOUT_SECONDS) -> httpx.Client:
    return http_client(SUPABASE.name, timeout=timeout, judge=require_answer, prepare=_name_request)


def _name_request(request: httpx.Request) -> None:
    """Let rows that this call writes carry the id of the request (private.request_id)."""
    if given := request_id():
        request.headers[REQUEST_ID_HEADER] = given
