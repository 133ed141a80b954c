"""The list of notifications: what happened, in the order of commits, in the reader's timezone."""

from functools import partial
from uuid import UUID

from wingman.kit.clients.database import Database
from wingman.kit.clock import page_by_page
from wingman.kit.errors import InvalidRequest
from wingman.kit.observability import logger
from wingman.kit.settings import load
from wingman.notifications.email.errors import RenderError
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.letters.kinds import content
from wingman.notifications.email.letters.rendering import line_of
from wingman.notifications.email.letters.settings import BrandSettings
from wingman.notifications.feed import repository
from wingman.notifications.feed.models import (
    ListedNotification,
    Notification,
    NotificationPage,
    PushPreferences,
    PushPreferencesChange,
)

_PAGE = 1000
_SECONDS_PER_PAGE = 6.0


def page(database: Database, limit: int, cursor: str | None) -> NotificationPage:
    """List notifications, newest first. Raises InvalidRequest for a cursor of another list."""
    rows = repository.page(database, limit + 1, None if cursor is None else _position(cursor))
    brand = load(BrandSettings).brand
    shown = rows.notifications[:limit]
    return NotificationPage(
        notifications=[_written(row, brand, rows.timezone) for row in shown],
        unread=rows.unread,
        next_cursor=str(shown[-1].seq) if len(rows.notifications) > limit else None,
    )


def read(database: Database, until: UUID) -> None:
    """Mark a notification and all before it as read. Raises NotificationNotFound."""
    repository.read(database, until)


def preferences(database: Database) -> PushPreferences:
    return repository.preferences(database)


def change_preferences(database: Database, changes: PushPreferencesChange) -> PushPreferences:
    return repository.change_preferences(database, changes)


def list_due(database: Database) -> int:
    """List what was recorded earlier for a time that has come, such as reminders."""
    step = partial(repository.list_due, database, _PAGE)
    return page_by_page(step, _PAGE, seconds=_SECONDS_PER_PAGE)


def prune(database: Database) -> int:
    """Delete old notifications; return their number."""
    step = partial(repository.prune, database, _PAGE)
    return page_by_page(step, _PAGE, seconds=_SECONDS_PER_PAGE)


def _written(row: ListedNotification, brand: Brand, timezone: str | None) -> Notification:
    try:
        text = line_of(content(row.kind, row.facts), brand, timezone)
    except RenderError as error:
        # One that an older release recorded in another form still counts as unread.
        logger().error("notifications.unreadable", extra={"error": str(error)})
        text = brand.name
    return Notification(text=text, **row.model_dump(exclude={"facts", "seq"}))


def _position(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):  # noqa: PLR2004 - bigint
        message = "must be the unchanged next_cursor of the previous page"
        raise InvalidRequest(fields={"cursor": message})
    return int(cursor)
