"""The outbox in Postgres: one SQL function per step."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from pydantic import TypeAdapter

from wingman.emails.models import ClaimedEmail, EmailRef, EmailResult
from wingman.kit.database import Database

_CLAIMED = TypeAdapter(list[ClaimedEmail])
_REFS = TypeAdapter(list[EmailRef])


class Outbox(Protocol):
    """The steps a mail goes through; each is atomic."""

    def claim(self, ids: Sequence[UUID], lease_seconds: int) -> list[ClaimedEmail]:
        """Take what is due of `ids` under one new lease; send groups come whole or not at all."""

    def start_send_group(self, lease_token: UUID, ids: Sequence[UUID]) -> UUID | None:
        """Bind these mails, in this order, into one request; None if the lease is gone."""

    def complete(self, lease_token: UUID, results: Sequence[EmailResult]) -> int:
        """Record what became of them; counts the rows still held by this lease."""

    def sweep(self, limit: int) -> list[EmailRef]:
        """Hand out what is due and not yet on its way, urgent first."""


class DatabaseOutbox(Outbox):
    """The outbox as the migrations define it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, ids: Sequence[UUID], lease_seconds: int) -> list[ClaimedEmail]:
        """See Outbox."""
        params = {"p_ids": _texts(ids), "p_lease_seconds": lease_seconds}
        return _CLAIMED.validate_python(self._database.rpc("claim_emails", params))

    def start_send_group(self, lease_token: UUID, ids: Sequence[UUID]) -> UUID | None:
        """See Outbox."""
        params = {"p_lease_token": str(lease_token), "p_ids": _texts(ids)}
        group = self._database.rpc("start_send_group", params)
        return UUID(group) if group else None

    def complete(self, lease_token: UUID, results: Sequence[EmailResult]) -> int:
        """See Outbox."""
        lines = [result.model_dump(mode="json", exclude_none=True) for result in results]
        params = {"p_lease_token": str(lease_token), "p_results": lines}
        return int(self._database.rpc("complete_emails", params))

    def sweep(self, limit: int) -> list[EmailRef]:
        """See Outbox."""
        return _REFS.validate_python(self._database.rpc("sweep_emails", {"p_limit": limit}))


def _texts(ids: Sequence[UUID]) -> list[str]:
    return [str(one) for one in ids]
