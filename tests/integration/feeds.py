"""Lists of notifications, and steps that add to them."""

from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from tests.integration.connections import Connection, Row, connected
from tests.integration.database import Person, call, look

_NOTIFY = "select private.notify(%s, %s, %s, %s, %s, %s, %s, coalesce(%s, now())) as due"


def notify(
    connection: Connection,
    person: Person,
    kind: str = "match_accepted",
    *,
    match_id: UUID | None = None,
    subject_id: UUID | None = None,
    revision: int | None = None,
    due_at: object = None,
    occasion: str | None = None,
) -> Any:
    """Notify as a worker's step does; return the due emails."""
    facts = Jsonb({"match_id": str(match_id or uuid4()), "partner_name": "Leo", "role": "inviter"})
    rest = (match_id, subject_id, revision, due_at)
    values = [person.user_id, kind, facts, occasion or uuid4().hex, *rest]
    (row,) = connection.execute(_NOTIFY, values).fetchall()
    return row["due"]


def notified(url: str, person: Person, kind: str = "match_accepted", **options: Any) -> Any:
    with connected(url) as connection:
        return notify(connection, person, kind, **options)


def feed(url: str, person: Person, limit: int = 100, before: int | None = None) -> list[Row]:
    page = call(url, person, "list_notifications", p_limit=limit, p_before=before)
    return list(page["notifications"])


def unread(url: str, person: Person) -> int:
    return int(call(url, person, "list_notifications")["unread"])


def stored(url: str, person: Person) -> list[Row]:
    return look(
        url, "select * from public.notifications where user_id = %s order by entry", person.user_id
    )
