"""Deleted accounts in Postgres."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import TypeAdapter

from wingman.accounts.models import Departure
from wingman.kit.clients.database import Database

_DEPARTURES = TypeAdapter(list[Departure])


def list_departures(database: Database, limit: int) -> list[Departure]:
    found = database.rpc("list_departures", {"p_limit": limit}, idempotent=True)
    return _DEPARTURES.validate_python(found)


def finish_departures(database: Database, user_ids: Sequence[UUID]) -> int:
    given = {"p_user_ids": [str(user_id) for user_id in user_ids]}
    return int(database.rpc("finish_departures", given, idempotent=True))
