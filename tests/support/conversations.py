"""Conversations of the test stack, through their function."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from tests.support.people import Person
from tests.support.profiles import Profiles, match

PATH = "/api/conversations"


def one(match_id: UUID) -> str:
    return f"{PATH}/{match_id}"


def messages(match_id: UUID) -> str:
    return f"{one(match_id)}/messages"


def new(text: str | None = "Hello", **more: object) -> dict[str, object]:
    return {"client_id": str(uuid4()), "text": text} | more


class Conversations(Profiles):
    """Calls the function `conversations` in this process."""

    def matched(self) -> tuple[Person, Person, UUID]:
        maya, leo = self.people.pair()
        return maya, leo, match(self.people, maya, leo)

    def say(self, person: Person, match_id: UUID, text: str = "Hello") -> Any:
        return self.done(person, "POST", messages(match_id), new(text))

    def post(self, person: Person, match_id: UUID, body: object) -> Any:
        """Return the whole answer."""
        return self.send(person, "POST", messages(match_id), body)

    def page(self, person: Person, match_id: UUID, **query: object) -> Any:
        return self.done(person, "GET", f"{messages(match_id)}?{urlencode(query)}")

    def listed(self, person: Person, **query: object) -> Any:
        return self.done(person, "GET", f"{PATH}?{urlencode(query)}")
