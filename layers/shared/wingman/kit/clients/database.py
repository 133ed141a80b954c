"""Postgres through PostgREST: one rpc, one transaction, as whoever the client acts for.

Clients share one connection pool and nothing else: the identity is in the headers of each
client object, and only the keyless user client carries a caller's token.
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
    DependencyUnavailable,
    ProblemError,
    TokenExpired,
    Unauthenticated,
)
from wingman.kit.settings import SupabaseServiceSettings, SupabaseSettings, load

TIMEOUT_SECONDS = 5.0

_FORBIDDEN = "42501"  # insufficient_privilege
# PostgREST cannot reach Postgres: https://postgrest.org/en/v12/references/errors.html
_POSTGREST_AWAY = frozenset({"PGRST000", "PGRST001", "PGRST002", "PGRST003"})
# SQLSTATE classes that pass by themselves: connection exception, transaction rollback (a
# deadlock), insufficient resources, operator intervention.
_POSTGRES_AWAY = ("08", "40", "53", "57")
# After these, certainly nothing was done: rolled back, no resources, cancelled, not yet started.
_UNDONE = ("40", "53", "57014", "57P03")
_TOKEN_REFUSED = frozenset({"PGRST301", "PGRST302"})
_TOKEN_EXPIRED = "PGRST303"  # noqa: S105 - an error code


class Database(Protocol):
    """Calls one SQL function in one transaction."""

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        """Return what the function returns, decoded from JSON.

        `idempotent`: calling it twice is as good as once, so a call whose answer was lost may be
        repeated. Raises DatabaseError for an SQLSTATE, DependencyUnavailable when Postgres is away.
        """
        ...


class DatabaseError(Exception):
    """Postgres refused: `code` is the SQLSTATE, `message` and `detail` what was raised."""

    def __init__(self, code: str, message: str, detail: str | None) -> None:
        self.code = code
        self.message = message
        self.detail = detail
        super().__init__(f"{code}: {message}")


class NotServiceRole(Exception):
    """SUPABASE_SECRET_KEY is accepted, and acts under row-level security."""


class Operation(StrEnum):
    """Who a database operation is done for."""

    USER = "user"
    PUBLIC = "public"
    SERVICE = "service"


Refusals = Mapping[str, Callable[[DatabaseError], ProblemError]]
"""What a domain says for each SQLSTATE that its SQL functions raise."""


def call(
    refusals: Refusals, database: Database, function: str, *, idempotent: bool, **params: object
) -> Any:
    """Call a SQL function; where it refuses by a SQLSTATE of `refusals`, raise what stands there.

    `idempotent`: after a lost answer it may be called again. Raises DatabaseError for any other
    SQLSTATE, DependencyUnavailable.
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
        """See Database.rpc."""
        retry = with_supabase_retry.but(idempotent=idempotent, probe=self.ping)
        return retry.run(lambda: self._call(function, params))

    def ping(self) -> None:
        """Call past breaker and retries, to see whether Postgres answers this client.

        Raises DatabaseError or DependencyUnavailable when it does not.
        """
        self._call("ping", {})

    def ping_as_service_role(self) -> None:
        """Do as `ping`, which works with any key. Raises NotServiceRole for those of users."""
        try:
            self._call("ping_as_service_role", {})
        except DatabaseError as error:
            if error.code == _FORBIDDEN:
                raise NotServiceRole from error
            raise

    def _call(self, function: str, params: Mapping[str, object]) -> Any:
        try:
            return self._client.rpc(function, dict(params)).execute().data  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise _unanswered(error) from error
        except APIError as error:
            raise _translated(error) from error


def _unanswered(error: httpx.HTTPError) -> DependencyUnavailable:
    untouched = never_sent(error)
    if isinstance(error, httpx.HTTPStatusError):
        untouched = any(code in error.response.text for code in _POSTGREST_AWAY)
    return DependencyUnavailable(
        "supabase", untouched=untouched, asked_to_wait=asked_to_wait(error)
    )


def _translated(error: APIError) -> Exception:
    code = error.code or ""
    if code in _POSTGREST_AWAY:
        return DependencyUnavailable("supabase", untouched=True)
    if len(code) == len("57P01") and code.startswith(_POSTGRES_AWAY):
        return DependencyUnavailable("supabase", untouched=code.startswith(_UNDONE))
    if code == _TOKEN_EXPIRED:
        return TokenExpired()
    if code in _TOKEN_REFUSED:
        return Unauthenticated()
    return DatabaseError(code, error.message or "", error.details)


def get_user_client(access_token: str) -> PostgrestDatabase:
    """Act as the calling user, under row-level security."""
    settings = load(SupabaseSettings)
    key = settings.supabase_publishable_key.get_secret_value()
    headers = {"apikey": key, "Authorization": f"Bearer {access_token}"}
    return PostgrestDatabase(settings.supabase_url, headers, _session())


@cache
def get_anon_client() -> PostgrestDatabase:
    """Act as nobody, under row-level security."""
    settings = load(SupabaseSettings)
    key = settings.supabase_publishable_key.get_secret_value()
    return PostgrestDatabase(settings.supabase_url, {"apikey": key}, _session())


@cache
def get_service_client() -> PostgrestDatabase:
    """Act as the system, past row-level security. Never in a function that serves users."""
    settings = load(SupabaseServiceSettings)
    headers = secret_key_headers(settings.supabase_secret_key.get_secret_value())
    return PostgrestDatabase(settings.supabase_url, headers, _session())


def secret_key_headers(key: str) -> dict[str, str]:
    """Return what makes a request act as service_role.

    A legacy key is a JWT, whose role PostgREST reads from a bearer token alone. A new one is
    opaque: Supabase gives it a role, and refuses it as a bearer token.
    """
    is_jwt = key.count(".") == 2  # noqa: PLR2004 - header, payload and signature
    return {"apikey": key} | ({"Authorization": f"Bearer {key}"} if is_jwt else {})


def get_client_for_operation(operation: Operation, access_token: str | None = None) -> Database:
    """Pick the least privileged client that can do `operation`.

    Raises Unauthenticated when a user's operation comes without the user's token.
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
