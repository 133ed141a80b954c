"""Deleted accounts and ended sessions in Postgres."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import TypeAdapter

from wingman.accounts.models import Departure
from wingman.kit.clients.database import Database

if TYPE_CHECKING:
    from wingman.kit.clients.auth import Client  # imports the SDK, which workers do not need

_DEPARTURES = TypeAdapter(list[Departure])
_IDS = TypeAdapter(list[UUID])


def list_departures(database: Database, limit: int) -> list[Departure]:
    found = database.rpc("list_departures", {"p_limit": limit}, idempotent=True)
    return _DEPARTURES.validate_python(found)


def finish_departures(database: Database, user_ids: Sequence[UUID]) -> int:
    given = {"p_user_ids": [str(user_id) for user_id in user_ids]}
    return int(database.rpc("finish_departures", given, idempotent=True))


def list_own_ended_sessions(database: Database) -> list[UUID]:
    """Return sessions of the caller that ended and whose tokens may still be accepted."""
    return _IDS.validate_python(database.rpc("list_own_ended_sessions", {}, idempotent=True))


def list_ended_sessions(database: Database, limit: int, user_id: UUID | None = None) -> list[UUID]:
    """Return the same of any user, as a worker."""
    given = {"p_limit": limit, "p_user_id": str(user_id) if user_id else None}
    return _IDS.validate_python(database.rpc("list_ended_sessions", given, idempotent=True))


def finish_ended_sessions(database: Database, session_ids: Sequence[UUID]) -> int:
    given = {"p_session_ids": [str(session_id) for session_id in session_ids]}
    return int(database.rpc("finish_ended_sessions", given, idempotent=True))


def record_attempt(
    database: Database,
    client: "Client",
    *,
    attempt_id: UUID,
    kind: str,
    outcome: str,
    address: str | None,
    refresh_token: str | None,
) -> UUID | None:
    """Record an attempt once; return its user if Postgres knows one."""
    given = {
        "p_id": str(attempt_id),
        "p_kind": kind,
        "p_outcome": outcome,
        "p_address": address,
        "p_refresh_token": refresh_token,
        "p_ip": client.ip,
        "p_user_agent": client.user_agent,
    }
    found = database.rpc("record_attempt", given, idempotent=True)
    return UUID(found) if found else None


def prune_attempts(database: Database, limit: int) -> int:
    return int(database.rpc("prune_attempts", {"p_limit": limit}, idempotent=True))


def begin_auth_request(
    database: Database, request_id: UUID, kind: str, address: str, ip: str
) -> bool:
    """Make room for a registration; return False if the request must not be made."""
    given = {"p_id": str(request_id), "p_kind": kind, "p_address": address, "p_ip": ip}
    return bool(database.rpc("begin_auth_request", given, idempotent=True))
