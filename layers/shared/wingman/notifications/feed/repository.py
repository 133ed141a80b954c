"""The list of notifications in Postgres: each step is one SQL function of supabase/schemas."""

from functools import partial
from uuid import UUID

from wingman.kit.clients.database import Database, Refusals, call
from wingman.kit.errors import AccountDeleted
from wingman.notifications.feed.errors import NotificationNotFound
from wingman.notifications.feed.models import (
    NotificationRows,
    PushPreferences,
    PushPreferencesChange,
)

# Every SQLSTATE that the functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WN020": lambda _: NotificationNotFound(),
}
_call = partial(call, REFUSALS)


def page(database: Database, limit: int, before: int | None) -> NotificationRows:
    rows = _call(database, "list_notifications", idempotent=True, p_limit=limit, p_before=before)
    return NotificationRows.model_validate(rows)


def read(database: Database, until: UUID) -> None:
    _call(database, "read_notifications", idempotent=True, p_until=str(until))


def preferences(database: Database) -> PushPreferences:
    return PushPreferences.model_validate(_call(database, "get_push_preferences", idempotent=True))


def change_preferences(database: Database, changes: PushPreferencesChange) -> PushPreferences:
    changed = _call(database, "update_push_preferences", idempotent=True, p_changes={**changes})
    return PushPreferences.model_validate(changed)


def list_due(database: Database, limit: int) -> int:
    return int(database.rpc("list_due_notifications", {"p_limit": limit}))


def prune(database: Database, limit: int) -> int:
    return int(database.rpc("prune_notifications", {"p_limit": limit}))
