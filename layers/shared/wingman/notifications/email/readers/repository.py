"""Preferences and email data of readers, in Postgres: one SQL function per step."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from wingman.kit.clients.database import Database, Refusals, call
from wingman.kit.errors import AccountDeleted, InvalidRequest
from wingman.kit.paging import Page
from wingman.notifications.email.errors import ReaderNotFound

# Every SQLSTATE that the functions for readers raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WN001": lambda _: InvalidRequest(fields={"timezone": "is not the name of an IANA timezone"}),
    "WN002": lambda _: InvalidRequest(fields={"quiet_hours": "have to leave an hour of the day"}),
    "WN003": lambda _: ReaderNotFound(),
    "WN004": lambda _: InvalidRequest(fields={"categories": "can be turned on after you sign in"}),
    "WN005": lambda _: InvalidRequest(
        fields={"message_wait_minutes": "has to be between 15 and 2880"}
    ),
}
_call = partial(call, REFUSALS)


def preferences(database: Database) -> Any:
    return _call(database, "get_email_preferences", idempotent=True)


def change_preferences(database: Database, changes: Mapping[str, object]) -> Any:
    return _call(database, "update_email_preferences", idempotent=True, p_changes=changes)


def preferences_of(database: Database, user_id: UUID) -> Any:
    """Return a user's preferences, None if there is no such user; for workers."""
    return _call(database, "get_email_preferences_of", idempotent=True, p_user_id=str(user_id))


def change_preferences_of(database: Database, user_id: UUID, changes: Mapping[str, object]) -> Any:
    return _call(
        database,
        "update_email_preferences_of",
        idempotent=True,
        p_user_id=str(user_id),
        p_changes=changes,
    )


def status(database: Database, delivery_status: str | None, page: Page) -> Any:
    """Return the caller's emails, one more than the page shows, and their number by status."""
    return _call(
        database, "get_email_status", idempotent=True, p_status=delivery_status, **page.parameters
    )


def export(database: Database, page: Page) -> Any:
    """Return all data about the caller's emails, with one email more than the page shows."""
    return _call(database, "export_email_data", idempotent=True, **page.parameters)


def erase(database: Database) -> int:
    """Erase addresses and contents of the caller's emails; return how many had some."""
    return int(_call(database, "erase_email_data", idempotent=True))


def prune(database: Database, limit: int) -> int:
    """Delete up to `limit` settled, old emails; return their number."""
    return int(_call(database, "prune_email_logs", idempotent=False, p_limit=limit))
