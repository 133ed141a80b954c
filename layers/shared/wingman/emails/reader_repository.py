"""What readers want and see of their mail, in Postgres: one SQL function per step."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from wingman.emails.errors import ReaderNotFound
from wingman.kit.database import Database, DatabaseError
from wingman.kit.errors import InvalidRequest, ProblemError, Unauthenticated
from wingman.kit.paging import Page

# Every SQLSTATE that the functions for readers raise; a test holds it to the migrations.
REFUSALS: Mapping[str, Callable[[DatabaseError], ProblemError]] = {
    "WM001": lambda _: Unauthenticated("The user of this token no longer exists."),
    "WM040": lambda _: InvalidRequest(fields={"timezone": "is not known to the database"}),
    "WM041": lambda _: InvalidRequest(fields={"quiet_hours": "have to leave an hour of the day"}),
    "WM042": lambda _: ReaderNotFound(),
}


def preferences(database: Database) -> Any:
    """Read what the caller wants."""
    return _call(database, "get_email_preferences")


def change_preferences(database: Database, changes: Mapping[str, object]) -> Any:
    """Change columns of what the caller wants."""
    return _call(database, "update_email_preferences", p_changes=changes)


def preferences_of(database: Database, user_id: UUID) -> Any:
    """Read what somebody wants, None if there is nobody; for workers."""
    return _call(database, "get_email_preferences_of", p_user_id=str(user_id))


def change_preferences_of(database: Database, user_id: UUID, changes: Mapping[str, object]) -> Any:
    """Change columns of what somebody wants; for workers."""
    return _call(database, "update_email_preferences_of", p_user_id=str(user_id), p_changes=changes)


def status(database: Database, delivery_status: str | None, page: Page) -> Any:
    """Read the caller's mails, one more than the page shows, and their number by status."""
    return _call(database, "get_email_status", p_status=delivery_status, **_position(page))


def export(database: Database, page: Page) -> Any:
    """Read all that is stored about the caller's mail, one mail more than the page shows."""
    return _call(database, "export_email_data", **_position(page))


def erase(database: Database) -> int:
    """Take addresses and contents out of the caller's mails; count those that had some."""
    return int(_call(database, "erase_email_data"))


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
) -> str:
    """Record what the provider says of a mail: `recorded`, `repeated` or `nothing_new`."""
    told = _call(
        database,
        "record_email_event",
        p_event_id=event_id,
        p_status=status,
        p_email_id=str(email_id) if email_id else None,
        p_message_id=message_id,
        p_accepted_at=accepted_at.isoformat() if accepted_at else None,
        p_error=error,
        p_suppressed_addresses=list(suppressed_addresses),
    )
    return str(told)


def prune(database: Database, limit: int) -> int:
    """Delete up to `limit` mails that are settled and old; count them."""
    return int(_call(database, "prune_email_logs", p_limit=limit))


def _position(page: Page) -> dict[str, object]:
    before = page.before_created_at
    return {
        "p_limit": page.limit + 1,
        "p_before_created_at": before.isoformat() if before else None,
        "p_before_id": str(page.before_id) if page.before_id else None,
    }


def _call(database: Database, function: str, **params: object) -> Any:
    try:
        return database.rpc(function, params)
    except DatabaseError as error:
        refusal = REFUSALS.get(error.code)
        if refusal is None:
            raise
        raise refusal(error) from error
