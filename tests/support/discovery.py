"""Discovery in this process, for people who live far from those of other tests."""

import json
from collections.abc import Sequence
from secrets import randbelow
from typing import Any

from psycopg import sql

from tests.support.functions import Function
from tests.support.people import Person
from tests.support.profiles import Profiles


class Town:
    """A viewer, Maya, and users near her, in a place without users of other tests."""

    def __init__(self, profiles: Profiles, app: Function, dogs: int) -> None:
        # In the Southern Ocean, where no other test lives.
        self.place = {"latitude": -50 - randbelow(14), "longitude": randbelow(35_900) / 100 - 179}
        self.profiles, self.app = profiles, app
        self.maya = profiles.published("Maya's", self.place)
        self.others = [profiles.published(f"Dog {number}", self.place) for number in range(dogs)]

    def another(self) -> Person:
        person = self.profiles.published("Late", self.place)
        self.others.append(person)
        return person

    def answer(self, viewer: Person | None = None, **query: Any) -> Any:
        event = self.app.event("first", access_token=(viewer or self.maya).token)
        event["rawQueryString"] = "&".join(f"{name}={value}" for name, value in query.items())
        return self.app.invoke(event)

    def page(self, **query: Any) -> tuple[list[str], Any, str]:
        """Return the ids of a page, the page itself, and its X-Cache header."""
        answer = self.answer(**query)
        body = json.loads(answer["body"])
        assert answer["statusCode"] == 200, body
        cache = {name.lower(): value for name, value in answer["headers"].items()}["x-cache"]
        return [each["user_id"] for each in body["profiles"]], body, cache

    def refused(self, **query: Any) -> tuple[int, Any]:
        answer = self.answer(**query)
        return answer["statusCode"], json.loads(answer["body"])

    def swipe(self, person: Person, table: str = "passes") -> None:
        """Record Maya's pass or like of a user, without announcing it."""
        with self.profiles.people.connection.transaction():
            connection = self.profiles.people.connection
            claims = json.dumps({"sub": str(self.maya.id), "role": "authenticated"})
            connection.execute("select set_config('request.jwt.claims', %s, true)", [claims])
            insert = sql.SQL("insert into {} values (%s, %s)").format(
                sql.Identifier("public", table)
            )
            connection.execute(insert, (self.maya.id, person.id))

    def leave(self) -> None:
        """Age Maya's list by an hour, so that it is stale."""
        self.profiles.people.connection.execute(
            "update private.discovery_generations set seen_at = now() - interval '1 hour',"
            " listed_at = now() - interval '1 hour' where user_id = %s",
            (self.maya.id,),
        )

    def prefer(self, **changes: Any) -> None:
        self.profiles.done(self.maya, "PUT", "/api/profile/preferences", changes)


def ids(people: Sequence[Person]) -> list[str]:
    return sorted(str(person.id) for person in people)
