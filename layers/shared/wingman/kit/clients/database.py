"""Postgres through PostgREST: each rpc is one transaction under the client's identity.

Clients share only a connection pool: each client object holds its identity in its own headers, and
user clients are never cached.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Protocol

import httpx
from postgrest import APIError, SyncPostgrestClient

from wingman.kit.clients.circuits import with_supabase_retry
from wingman.kit.clients.transport import asked_to_wait, http_client, never_sent
from wingman.kit.errors import (
    DependencyRefused,
    DependencyUnavailable,
    ProblemError,
    TokenExpired,
    Unauthenticated,
)
from wingman.kit.settings import SupabaseServiceSettings, SupabaseSettings, load

TIMEOUT_SECONDS = 5.0
BACKEND_KEY_HEADER = "X-Backend-Key"
# PostgREST refused the request because it had no accepted backend key.
BACKEND_KEY_REQUIRED = "PT403"

# PostgREST cannot reach Postgres: https://postgrest.org/en/v12/references/errors.html
_POSTGREST_UNAVAILABLE = frozenset({"PGRST000", "PGRST001", "PGRST002", "PGRST003"})
# Transient SQLSTATE classes: connection exception, transaction rollback (a deadlock), insufficient
# resources, operator intervention.
_POSTGRES_UNAVAILABLE = ("08", "40", "53", "57")
# After these nothing was executed: rolled back, no resources, cancelled, not yet started.
_NOT_EXECUTED = ("40", "53", "57014", "57P03")
_LOCKED = "55P03"  # another call held the row for too long, which says nothing about Postgres
_TOKEN_REFUSED = frozenset({"PGRST301", "PGRST302"})
_TOKEN_EXPIRED = "PGRST303"  # noqa: S105 - an error code


class Database(Protocol):
    """Calls one SQL function in one transaction."""

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
    """SUPABASE_SECRET_KEY is accepted, but it does not bypass row-level security."""


class Operation(StrEnum):
    """The party on whose behalf a database operation runs."""

    USER = "user"
    PUBLIC = "public"
    SERVICE = "service"


Refusals = Mapping[str, Callable[[DatabaseError], ProblemError]]
"""A domain's error for each SQLSTATE that its SQL functions raise."""


def call(
    refusals: Refusals, database: Database, function: str, *, idempotent: bool, **params: object
) -> Any:
    """Call a SQL function and translate its SQLSTATEs into the errors of `refusals`.

    Otherwise behaves and raises like Database.rpc.
    """
    try:
        return database.rpc(function, params, idempotent=idempotent)
    except DatabaseError as error:
        refusal = refusals.get(error.code)
        if refusal is None:
            raise
        raise refusal(error) from error


class PostgrestDatabase(Database):
    """A database client bound to one identity."""

    def __init__(self, url: str, headers: Mapping[str, str], session: httpx.Client) -> None:
        self._client = SyncPostgrestClient(
            f"{url}/rest/v1", headers=dict(headers), http_client=session, retry_enabled=False
        )

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        retry = with_supabase_retry.replace(idempotent=idempotent, probe=self.ping)
        return retry.run(lambda: self._call(function, params))

    def ping(self) -> None:
        """Check that Postgres answers this client, without breaker and retries.

        Raises DatabaseError or DependencyUnavailable when it does not.
        """
        self._call("ping", {})

    def ping_as_service_role(self) -> None:
        """Check also that the key acts as service_role. Raises NotServiceRole if it does not."""
        try:
            self._call("ping_as_service_role", {})
        except DependencyRefused as error:  # only service_role needs no backend key
            raise NotServiceRole from error

    def _call(self, function: str, params: Mapping[str, object]) -> Any:
        try:
            return self._client.rpc(function, dict(params)).execute().data  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise _unanswered(error) from error
        except APIError as error:
            raise _translated(error) from error


def _unanswered(error: httpx.HTTPError) -> DependencyUnavailable:
    not_executed = never_sent(error)
    if isinstance(error, httpx.HTTPStatusError):
        not_executed = any(code in error.response.text for code in _POSTGREST_UNAVAILABLE)
    return DependencyUnavailable(
        "supabase", not_executed=not_executed, asked_to_wait=asked_to_wait(error)
    )


def _translated(error: APIError) -> Exception:
    code = error.code or ""
    if code in _POSTGREST_UNAVAILABLE:
        return DependencyUnavailable("supabase", not_executed=True)
    if len(code) == len("57P01") and code.startswith(_POSTGRES_UNAVAILABLE):
        return DependencyUnavailable("supabase", not_executed=code.startswith(_NOT_EXECUTED))
    if code in {BACKEND_KEY_REQUIRED, _LOCKED}:
        return DependencyRefused("supabase", not_executed=True)
    if code == _TOKEN_EXPIRED:
        return TokenExpired()
    if code in _TOKEN_REFUSED:
        return Unauthenticated()
    return DatabaseError(code, error.message or "", error.details)


def get_user_client(access_token: str) -> PostgrestDatabase:
    """Act as the calling user, under row-level security."""
    settings = load(SupabaseSettings)
    headers = _publishable_key_headers(settings) | {"Authorization": f"Bearer {access_token}"}
    return PostgrestDatabase(settings.supabase_url, headers, _session())


@cache
def get_anon_client() -> PostgrestDatabase:
    """Act as an anonymous user, under row-level security."""
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
    """Return the least privileged client for `operation`.

    Raises Unauthenticated when a user's operation comes without an access token.
    """
    if operation is Operation.SERVICE:
        return get_service_client()
    if operation is Operation.PUBLIC:
        return get_anon_client()
    if access_token is None:
        raise Unauthenticated
    return get_user_client(access_token)


@cache
def _session() -> httpx.Client:
    return http_client(timeout=TIMEOUT_SECONDS)
