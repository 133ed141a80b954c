"""People with published profiles who like and pass each other, in the database."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.connections import Connection, Row, connected
from tests.integration.database import Person, call, invoke, look, new_person, sqlstate
from tests.integration.meetings import Pair
from tests.support.profiles import add_photos

_PROFILE = """
insert into public.dog_profiles
(user_id, display_name, age, latitude, longitude, located_at, created_at)
values (%s, %s, 4, 52.5219, 13.4132, now(), now())
"""


def published(url: str, name: str = "Rex") -> Person:
    """Make a person with a published profile."""
    person = new_person(url, "Ada")
    with connected(url, autocommit=True) as connection:
        connection.execute(_PROFILE, (person.user_id, name))
        add_photos(connection, person.user_id, 2)
    return person


@dataclass(frozen=True)
class Likes:
    """The steps of likes and passes."""

    url: str

    def like(self, person: Person, other: Person) -> Any:
        return call(self.url, person, "put_like", p_user_id=other.user_id)

    def unlike(self, person: Person, other: Person) -> Any:
        return call(self.url, person, "delete_like", p_user_id=other.user_id)

    def pass_on(self, person: Person, other: Person) -> Any:
        return call(self.url, person, "put_pass", p_user_id=other.user_id)

    def undo(self, person: Person, other: Person) -> None:
        call(self.url, person, "delete_pass", p_user_id=other.user_id)

    def unmatch(self, person: Person, match_id: object) -> Any:
        return call(self.url, person, "unmatch", p_match_id=match_id)

    def refusal(self, person: Person, step: str, other: Person) -> str:
        return sqlstate(self.url, person, step, p_user_id=other.user_id)[1]

    def matched(self, first: Person, second: Person) -> Any:
        """Let both like each other, `first` first; return the match."""
        self.like(first, second)
        return self.like(second, first)["match"]

    def sent(self, person: Person) -> list[str]:
        return self._names(person, "sent")

    def received(self, person: Person) -> list[str]:
        return self._names(person, "received")

    def passed(self, person: Person) -> list[str]:
        found = call(self.url, person, "list_passes")
        return [each["user"]["display_name"] for each in found]

    def _names(self, person: Person, direction: str) -> list[str]:
        found = call(self.url, person, "list_likes", p_direction=direction)
        return [each["user"]["display_name"] for each in found]

    def matches_of(self, person: Person) -> list[Row]:
        return look(
            self.url,
            "select * from public.wingman_matches where %s in (user1_id, user2_id)"
            " order by created_at",
            person.user_id,
        )

    def emails(self, person: Person, *statuses: str) -> list[str]:
        """Return the kinds of the person's emails, the oldest first."""
        found = look(
            self.url,
            "select email_template from public.email_logs where user_id = %s"
            " and (%s or delivery_status = any(%s)) order by created_at, id",
            *(person.user_id, not statuses, list(statuses)),
        )
        return [row["email_template"] for row in found]


def liking(connection: Connection, other: Person) -> Any:
    """Like in an open transaction."""
    return invoke(connection, "put_like", p_user_id=other.user_id)[0]["put_like"]


# Each way to end the match of a mutual like.
ENDS = pytest.mark.parametrize("way", ["unmatch", "unlike", "pass"])


def ended_by(likes: Likes, way: str, person: Person, other: Person, match_id: object) -> Any:
    if way == "unmatch":
        return likes.unmatch(person, match_id)
    return likes.unlike(person, other) if way == "unlike" else likes.pass_on(person, other)


def blocked(pair: Pair) -> None:
    """End the match as a block by the first person does."""
    look(
        pair.url,
        "select private.end_match(pair, %s, 'block') from public.wingman_matches as pair"
        " where id = %s",
        *(pair.first.user_id, pair.match_id),
    )
