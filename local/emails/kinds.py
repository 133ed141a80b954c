"""The kinds of notification as the database describes them, for pictures and tests without one."""

import re
from functools import cache

from local.stack import CHECKOUT
from wingman.notifications.email.models import Category
from wingman.notifications.models import Priority

_INSERT = re.compile(r"insert into private\.notification_kinds \([^;]+;")
_ROW = re.compile(r"^\('(\w+)', '(\w+)', '(\w+)'", re.MULTILINE)


@cache
def kinds() -> dict[str, tuple[Category, Priority]]:
    """Return category and lane of each kind, read from the rows in supabase/schemas."""
    schemas = sorted((CHECKOUT / "supabase" / "schemas").glob("*.sql"))
    inserts = [found for path in schemas for found in _INSERT.findall(path.read_text("utf-8"))]
    return {
        kind: (Category(category), Priority(lane))
        for insert in inserts
        for kind, category, lane in _ROW.findall(insert)
    }
