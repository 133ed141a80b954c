"""Likes of the test stack, through their function."""

from typing import Any
from urllib.parse import urlencode

from tests.support.people import Person
from tests.support.profiles import Profiles, add_photos

LIKES, PASSES = "/api/likes", "/api/passes"
_PROFILE = """
insert into public.dog_profiles
(user_id, display_name, age, latitude, longitude, located_at, created_at)
values (%s, %s, 4, 52.5219, 13.4132, now(), now())
"""


class Likes(Profiles):
    """Calls the function `likes` in this process."""

    def shown(self, name: str = "Rex") -> Person:
        """Create a person with a published profile."""
        person = self.people.new("Maya")
        self.people.connection.execute(_PROFILE, (person.id, name))
        add_photos(self.people.connection, person.id, 2)
        return person

    def like(self, person: Person, other: Person) -> Any:
        return self.done(person, "PUT", f"{LIKES}/{other.id}")

    def matched(self, first: Person, second: Person) -> Any:
        """Let two people like each other, `first` first; return the match."""
        self.like(first, second)
        return self.like(second, first)["match"]

    def names(self, person: Person, path: str = LIKES, **query: object) -> list[str]:
        """Return the names on all pages of a list."""
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.done(person, "GET", f"{path}?{urlencode({**query, **cursor})}")
            rows = page["passes" if path == PASSES else "likes"]
            found += [row["user"]["display_name"] for row in rows]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}
