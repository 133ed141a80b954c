"""Pushes in Postgres: one SQL function per step."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Protocol
from uuid import UUID

from pydantic import TypeAdapter

from wingman.kit.clients.database import Database, get_service_client
from wingman.notifications.models import Due
from wingman.notifications.push.models import Claim, DeadToken, PushResult

_DUE = TypeAdapter(list[Due])


class Pushes(Protocol):
    """The steps of a push; each is atomic."""

    def claim(self, limit: int, lease_seconds: int) -> Claim:
        """Claim the pushes that have been due longest; none while pushes are paused."""

    def complete(
        self, lease_token: UUID, results: Sequence[PushResult], dead: Sequence[DeadToken]
    ) -> int:
        """Record outcomes and forget dead tokens; return how many rows this lease still held."""

    def sweep(self, limit: int) -> list[Due]:
        """Return pushes that are due and not yet enqueued."""

    def pause(self, until: datetime, reason: str) -> None:
        """Let no push be claimed before `until`."""


class DatabasePushes(Pushes):
    """Pushes as supabase/schemas defines them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, limit: int, lease_seconds: int) -> Claim:
        params = {"p_limit": limit, "p_lease_seconds": lease_seconds}
        return Claim.model_validate(self._database.rpc("claim_pushes", params))

    def complete(
        self, lease_token: UUID, results: Sequence[PushResult], dead: Sequence[DeadToken]
    ) -> int:
        outcome = {
            "results": [one.model_dump(mode="json", exclude_none=True) for one in results],
            "dead": [one.model_dump(mode="json") for one in dead],
        }
        params = {"p_lease_token": str(lease_token), "p_outcome": outcome}
        return int(self._database.rpc("complete_pushes", params))

    def sweep(self, limit: int) -> list[Due]:
        return _DUE.validate_python(self._database.rpc("sweep_pushes", {"p_limit": limit}))

    def pause(self, until: datetime, reason: str) -> None:
        self._database.rpc("pause_pushes", {"p_until": until.isoformat(), "p_reason": reason})


@cache
def pushes() -> Pushes:
    return DatabasePushes(get_service_client())
