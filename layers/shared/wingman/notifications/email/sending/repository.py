"""The outbox in Postgres: one SQL function per step."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple, Protocol
from uuid import UUID

from pydantic import TypeAdapter

from wingman.kit.clients.database import Database, get_service_client
from wingman.notifications.email.letters.contents import Also
from wingman.notifications.email.models import ClaimedEmail, EmailResult
from wingman.notifications.models import Due, Priority

_CLAIMED = TypeAdapter(list[ClaimedEmail])
_REFS = TypeAdapter(list[Due])


class SendGroupKey(NamedTuple):
    """A newly formed send group, and its emails in order."""

    id: UUID
    email_ids: list[UUID]


class Outbox(Protocol):
    """The steps of an email; each is atomic."""

    def claim(
        self, ids: Sequence[UUID], lease_seconds: int, limit: int | None = None
    ) -> list[ClaimedEmail]:
        """Claim due emails under one new lease; a send group is claimed whole or not at all.

        Without a limit, claim the emails in `ids`. With one, `ids` only name a lane: claim its
        longest-due group, or up to `limit` emails without one.
        """

    def form_send_group(
        self, lease_token: UUID, addresses: Mapping[UUID, str]
    ) -> SendGroupKey | None:
        """Bind the emails that are still leased, in this order; None if there are none.

        `addresses` fixes the recipient of each, also for later attempts of the group.
        """

    def collect(
        self, lease_token: UUID, into: UUID, ids: Sequence[UUID], also: Sequence[Also]
    ) -> bool:
        """Put what `ids` say into another leased email and settle them; False changes nothing."""

    def complete(self, lease_token: UUID, results: Sequence[EmailResult]) -> int:
        """Record outcomes; return how many rows this lease still held."""

    def sweep(self, limit: int) -> list[Due]:
        """Return emails that are due and not yet enqueued, urgent first."""

    def pause(self, lanes: Sequence[Priority], until: datetime, reason: str) -> None:
        """Stop these lanes from being swept or claimed before `until`."""


class DatabaseOutbox(Outbox):
    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, ids: Sequence[UUID], lease_seconds: int, limit: int | None = None
    ) -> list[ClaimedEmail]:
        params = {"p_ids": _texts(ids), "p_lease_seconds": lease_seconds, "p_limit": limit}
        return _CLAIMED.validate_python(self._database.rpc("claim_emails", params))

    def form_send_group(
        self, lease_token: UUID, addresses: Mapping[UUID, str]
    ) -> SendGroupKey | None:
        params = {
            "p_lease_token": str(lease_token),
            "p_ids": _texts(addresses),
            "p_addresses": list(addresses.values()),
        }
        rows = self._database.rpc("form_send_group", params)
        if not rows:
            return None
        return SendGroupKey(UUID(rows[0]["send_group"]), [UUID(row["id"]) for row in rows])

    def collect(
        self, lease_token: UUID, into: UUID, ids: Sequence[UUID], also: Sequence[Also]
    ) -> bool:
        params = {
            "p_lease_token": str(lease_token),
            "p_into": str(into),
            "p_ids": _texts(ids),
            "p_also": [one.model_dump(mode="json") for one in also],
        }
        return bool(self._database.rpc("collect_emails", params))

    def complete(self, lease_token: UUID, results: Sequence[EmailResult]) -> int:
        lines = [result.model_dump(mode="json", exclude_none=True) for result in results]
        params = {"p_lease_token": str(lease_token), "p_results": lines}
        return int(self._database.rpc("complete_emails", params))

    def sweep(self, limit: int) -> list[Due]:
        return _REFS.validate_python(self._database.rpc("sweep_emails", {"p_limit": limit}))

    def pause(self, lanes: Sequence[Priority], until: datetime, reason: str) -> None:
        params = {"p_priorities": list(lanes), "p_until": until.isoformat(), "p_reason": reason}
        self._database.rpc("pause_emails", params)


def _texts(ids: Iterable[UUID]) -> list[str]:
    return [str(one) for one in ids]


@cache
def outbox() -> Outbox:
    return DatabaseOutbox(get_service_client())
