"""Cursor pagination, stable under inserts: a cursor is the position of the last row."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from uuid import UUID

from wingman.kit.errors import InvalidRequest


class Row(Protocol):
    """A row of a list that is sorted newest first."""

    @property
    def id(self) -> UUID: ...

    @property
    def created_at(self) -> datetime: ...


RowT = TypeVar("RowT", bound=Row)


@dataclass(frozen=True)
class Page:
    limit: int
    before_created_at: datetime | None = None
    before_id: UUID | None = None

    @property
    def parameters(self) -> dict[str, object]:
        before = self.before_created_at
        return {
            "p_limit": self.limit + 1,
            "p_before_created_at": before.isoformat() if before else None,
            "p_before_id": str(self.before_id) if self.before_id else None,
        }

    def cut(self, rows: Sequence[RowT]) -> tuple[list[RowT], str | None]:
        """Split `limit + 1` fetched rows into the page and the cursor of the next one."""
        page = list(rows[: self.limit])
        return page, cursor_of(page[-1]) if len(rows) > self.limit else None


def page_at(limit: int, cursor: str | None) -> Page:
    """Read a cursor. Raises InvalidRequest."""
    if cursor is None:
        return Page(limit)
    created_at, row_id = _decode(cursor)
    return Page(limit, created_at, row_id)


def cursor_of(row: Row) -> str:
    """Return the cursor of the page that follows a row."""
    position = json.dumps([row.created_at.isoformat(), str(row.id)])
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[datetime, UUID]:
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        created_at, row_id = position
        return datetime.fromisoformat(created_at).astimezone(UTC), UUID(row_id)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        message = "must be the unchanged next_cursor of the previous page"
        raise InvalidRequest(fields={"cursor": message}) from error
