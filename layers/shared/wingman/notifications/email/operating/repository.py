"""Actions of operators and of the provider, in Postgres: one SQL function per step."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from wingman.kit.clients.database import Database
from wingman.notifications.email.operating.models import (
    DeadLetter,
    DeadLetters,
    Deliveries,
    Lane,
    Suppression,
)
from wingman.notifications.email.operating.weeks import Week
from wingman.notifications.models import Due, Priority

_LANES = TypeAdapter(list[Lane])
_DEAD_LETTERS = TypeAdapter(list[DeadLetter])
_COUNTS = TypeAdapter(list[DeadLetters])
_REFS = TypeAdapter(list[Due])
_WEEKS = TypeAdapter(Sequence[Week])


def lanes(database: Database) -> list[Lane]:
    """Return both lanes, the urgent one first."""
    return _LANES.validate_python(database.rpc("show_lanes", {}))


def deliveries(database: Database, hours: int) -> Deliveries:
    rows = database.rpc("count_deliveries", {"p_hours": hours})
    return Deliveries({row["delivery_status"]: row["emails"] for row in rows})


def dead_letter_counts(database: Database) -> list[DeadLetters]:
    counted = _COUNTS.validate_python(database.rpc("count_dead_letters", {}))
    by_status = {one.delivery_status: one for one in counted}
    return [
        by_status.get("failed", DeadLetters(delivery_status="failed")),
        by_status.get("unknown", DeadLetters(delivery_status="unknown")),
    ]


def dead_letters(database: Database, limit: int, template: str | None = None) -> list[DeadLetter]:
    params = {"p_limit": limit, "p_template": template}
    return _DEAD_LETTERS.validate_python(database.rpc("list_dead_letters", params))


def dead_letter(database: Database, email_id: UUID) -> dict[str, Any] | None:
    """Return all facts about a dead letter, with a masked recipient."""
    found: dict[str, Any] | None = database.rpc("show_dead_letter", {"p_id": str(email_id)})
    return found


def replay(
    database: Database,
    *,
    email_ids: Sequence[UUID] | None = None,
    template: str | None = None,
    limit: int = 1000,
) -> list[Due]:
    """Return dead letters to the outbox, but only those that the provider never took."""
    ids = None if email_ids is None else [str(one) for one in email_ids]
    params = {"p_ids": ids, "p_template": template, "p_limit": limit}
    return _REFS.validate_python(database.rpc("replay_dead_letters", params))


def resume(database: Database, priorities: Sequence[Priority]) -> int:
    """End the pause of lanes; return how many were paused."""
    return int(database.rpc("resume_emails", {"p_priorities": list(priorities)}))


def record_event(
    database: Database,
    *,
    event_id: str,
    status: str,
    email_id: UUID | None,
    message_id: str | None,
    accepted_at: datetime | None,
    error: str | None,
    suppressed_addresses: Sequence[str],
    ends_emails: bool,
    happened_at: datetime | None,
) -> str:
    """Record an event; `ends_emails` suppresses these addresses, or else the email's recipient."""
    params = {
        "p_event_id": event_id,
        "p_status": status,
        "p_email_id": str(email_id) if email_id else None,
        "p_message_id": message_id,
        "p_accepted_at": accepted_at.isoformat() if accepted_at else None,
        "p_error": error,
        "p_suppressed_addresses": list(suppressed_addresses),
        "p_suppress_recipient": ends_emails,
        "p_happened_at": happened_at.isoformat() if happened_at else None,
    }
    return str(database.rpc("record_email_event", params, idempotent=True))


def record_suppression(
    database: Database,
    *,
    event_id: str,
    addresses: Sequence[str],
    reason: str | None,
    happened_at: datetime | None,
) -> str:
    """Record that the provider suppresses addresses, or no longer does (no reason)."""
    params = {
        "p_event_id": event_id,
        "p_addresses": list(addresses),
        "p_reason": reason,
        "p_happened_at": happened_at.isoformat() if happened_at else None,
    }
    return str(database.rpc("record_suppression_event", params, idempotent=True))


def suppressions(database: Database) -> Mapping[str, int]:
    rows = database.rpc("count_suppressions", {})
    return {row["reason"]: row["addresses"] for row in rows}


def suppression(database: Database, address: str) -> Suppression | None:
    rows = database.rpc("show_suppression", {"p_address": address})
    return Suppression.model_validate(rows[0]) if rows else None


def lift_suppression(database: Database, address: str) -> bool:
    """Return False if it was not suppressed."""
    return bool(database.rpc("lift_suppression", {"p_address": address}))


def record_opened(
    database: Database,
    *,
    event_id: str,
    email_id: UUID | None,
    message_id: str | None,
    opened_at: datetime | None,
) -> str:
    params = {
        "p_event_id": event_id,
        "p_email_id": str(email_id) if email_id else None,
        "p_message_id": message_id,
        "p_opened_at": opened_at.isoformat() if opened_at else None,
    }
    return str(database.rpc("record_email_opened", params, idempotent=True))


def record_digests(
    database: Database, after: UUID | None, limit: int, weeks: Sequence[Week], now: datetime
) -> tuple[int, UUID | None]:
    """Record the digests of a page of readers; return their number and the next page's start."""
    params = {
        "p_after": str(after) if after else None,
        "p_limit": limit,
        "p_weeks": _WEEKS.dump_python(weeks, mode="json"),
        "p_now": now.isoformat(),
    }
    page = database.rpc("record_weekly_digests", params, idempotent=True)
    return int(page["recorded"]), UUID(page["last"]) if page["last"] else None
