"""The list of notifications of the test stack, through its function."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from tests.support.people import People, Person
from tests.support.profiles import Profiles

PATH = "/api/notifications"
READ, PREFERENCES = f"{PATH}/read", f"{PATH}/preferences"


class Notifications(Profiles):
    """Calls the function `notifications` in this process."""

    def page(self, person: Person, **query: object) -> Any:
        return self.done(person, "GET", f"{PATH}?{urlencode(query)}")

    def texts(self, person: Person) -> list[str]:
        return [one["text"] for one in self.page(person)["notifications"]]


def notify(
    people: People,
    person: Person,
    kind: str = "match_accepted",
    facts: dict[str, Any] | None = None,
    match_id: UUID | None = None,
) -> Any:
    """Record a notification, as a step of a worker does; return what is due."""
    given = {"match_id": str(uuid4()), "partner_name": "Leo", "role": "inviter"} | (facts or {})
    [row] = people.connection.execute(
        "select private.notify(%s, %s, %s, %s, %s)",
        (person.id, kind, Jsonb(given), uuid4().hex, match_id),
    ).fetchall()
    return row[0]
