"""What readers want and see of their mail, in Postgres: one SQL function per step."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from wingman.kit.clients.database import Database, Refusals, call
from wingman.kit.errors import InvalidRequest, Unauthenticated
from wingman.kit.paging import Page
from wingman.notifications.email.errors import ReaderNotFound

# Every SQLSTATE that the functions for readers raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: Unauthenticated("The user of this token no longer exists."),
    "WN001": lambda _: InvalidRequest(fields={"timezone": "is not known to the database"}),
    "WN002": lambda _: InvalidRequest(fields={"quiet_hours": "have to leave an hour of the day"}),
    "WN003": lambda _: ReaderNotFound(),
}
_call = partial(call, REFUSALS)


def preferences(database: Database) -> Any:
    """Read what the caller wants."""
    return _call(database, "get_email_preferences", idempotent=True)


def change_preferences(database: Database, changes: Mapping[str, object]) -> Any:
    """Change columns of what the caller wants."""
    return _call(database, "update_email_preferences", idempotent=True, p_changes=changes)


def preferences_of(database: Database, user_id: UUID) -> Any:
    """Read what somebody wants, None if there is nobody; for workers."""
    return _call(database, "get_email_preferences_of", idempotent=True, p_user_id=str(user_id))


def change_preferences_of(database: Database, user_id: UUID, changes: Mapping[str, object]) -> Any:
    """Change columns of what somebody wants; for workers."""
    return _call(
        database,
        "update_email_preferences_of",
        idempotent=True,
        p_user_id=str(user_id),
        p_changes=changes,
    )


def status(database: Database, delivery_status: str | None, page: Page) -> Any:
    """Read the caller's mails, one more than the page shows, and their number by status."""
    return _call(
        database, "get_email_status", idempotent=True, p_status=delivery_status, **page.parameters
    )


def export(database: Database, page: Page) -> Any:
    """Read all that is stored about the caller's mail, one mail more than the page shows."""
    return _call(database, "export_email_data", idempotent=True, **page.parameters)


def erase(database: Database) -> int:
    """Take addresses and contents out of the caller's mails; count those that had some."""
    return int(_call(database, "erase_email_data", idempotent=True))


def prune(database: Database, limit: int) -> int:
    """Delete up to `limit` mails that are settled and old; count them."""
    return int(_call(database, "prune_email_logs", idempotent=False, p_limit=limit))
