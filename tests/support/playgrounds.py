"""Playgrounds of the test stack, through their function."""

from typing import Any
from urllib.parse import urlencode

from tests.support.people import Person
from tests.support.profiles import ALEXANDERPLATZ, Profiles

PATH = "/api/playgrounds"


class Playgrounds(Profiles):
    """Calls the function `playgrounds` in this process."""

    def add(self, person: Person, name: str = "Dog run", **fields: object) -> Any:
        return self.done(person, "POST", PATH, {**ALEXANDERPLATZ, "name": name, **fields})

    def page(self, person: Person, **query: object) -> Any:
        return self.done(person, "GET", f"{PATH}?{urlencode(query)}")

    def found(self, person: Person, **query: object) -> list[Any]:
        """Return the results on all pages of a search."""
        rows: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.page(person, **query, **cursor)
            rows += page["playgrounds"]
            if page["next_cursor"] is None:
                return rows
            cursor = {"cursor": page["next_cursor"]}

    def refused(self, person: Person, **query: object) -> Any:
        return self.call(person, "GET", f"{PATH}?{urlencode(query)}")


def one(playground: Any) -> str:
    return f"{PATH}/{playground['id']}"


def favourite(playground: Any) -> str:
    return f"{one(playground)}/favourite"


def names(rows: list[Any]) -> list[str]:
    return [row["name"] for row in rows]
