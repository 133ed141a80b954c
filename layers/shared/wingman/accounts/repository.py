"""Deleted accounts and ended sessions in Postgres."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import TypeAdapter

from wingman.accounts.models import Departure
from wingman.kit.clients.database import Database

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
