"""The database's kinds of notifications, for pictures and tests that have no database."""

import re
from functools import cache
from typing import NamedTuple

from local.stack import CHECKOUT
from wingman.notifications.email.models import Category
from wingman.notifications.models import Priority

_INSERT = re.compile(r"insert into private\.notification_kinds \([^;]+;")
_ROW = re.compile(r"^\(\s*'(\w+)', (?:'(\w+)'|null), '(\w+)', (true|false)", re.MULTILINE)


class Kind(NamedTuple):
    """The properties of a kind that only the database has."""

    category: Category | None
    lane: Priority
    can_wait: bool


@cache
def kinds() -> dict[str, Kind]:
    """Return each kind by its name, read from the rows in supabase/schemas."""
    schemas = sorted((CHECKOUT / "supabase" / "schemas").glob("*.sql"))
    inserts = [found for path in schemas for found in _INSERT.findall(path.read_text("utf-8"))]
    return {
        kind: Kind(Category(category) if category else None, Priority(lane), waits == "true")
        for insert in inserts
        for kind, category, lane, waits in _ROW.findall(insert)
    }
