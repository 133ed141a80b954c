"""Profiles of the test stack, and their function."""

import json
import math
from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID, uuid4

import psycopg

from tests.support.functions import Function
from tests.support.people import People, Person

PROFILE = "/api/profile"
LOCATION, PREFERENCES = f"{PROFILE}/location", f"{PROFILE}/preferences"
REX: dict[str, Any] = {"display_name": "Rex", "age": 4}
ALEXANDERPLATZ: Mapping[str, float] = {"latitude": 52.5219, "longitude": 13.4132}
# The mean radius of the earth, as the IUGG defines it.
_EARTH_METRES = 6_371_008.8
_PHOTO = """
insert into public.photos
(user_id, sort_order, content_type, size_bytes, status, object_path, width, height, placeholder,
    settled_at)
select %(user)s, coalesce(max(sort_order) + 1, 0), 'image/jpeg', 1000, 'ready',
    'public/' || %(folder)s, 1080, 810, 'MwcSDIDYeIh4d3h3h3h3', now()
from public.photos where user_id = %(user)s
"""


def add_photos(connection: psycopg.Connection[Any], user_id: UUID | None, count: int) -> None:
    """Give a user ready photos without uploads."""
    for _ in range(count):
        connection.execute(_PHOTO, {"user": user_id, "folder": uuid4().hex})


class User(Protocol):
    """Anyone with an account."""

    @property
    def id(self) -> UUID: ...


def match(people: People, one: User, other: User, status: str = "accepted") -> UUID:
    match_id = uuid4()
    people.connection.execute(
        "insert into public.wingman_matches (id, user1_id, user2_id, initiator_id, status)"
        " values (%s, %s, %s, %s, %s)",
        (match_id, one.id, other.id, one.id, status),
    )
    return match_id


def fields_of(problem: Any) -> list[str]:
    return [error["field"] for error in problem["errors"]]


class Profiles:
    """Calls the function `profile` in this process."""

    def __init__(self, app: Function, people: People) -> None:
        self.app, self.people = app, people

    def send(
        self, person: Person, method: str, path: str, body: object = None, **headers: str
    ) -> Any:
        """Return the function's whole answer; a body of text is sent as it is."""
        event = self.app.event("get", access_token=person.token)
        path, _, event["rawQueryString"] = path.partition("?")
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        event["requestContext"]["http"]["method"] = method
        event["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            event["headers"]["content-type"] = "application/json"
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        return self.app.invoke(event)

    def call(self, person: Person, method: str, path: str, body: object = None) -> tuple[int, Any]:
        answer = self.send(person, method, path, body)
        return answer["statusCode"], json.loads(answer["body"] or "null")

    def done(self, person: Person, method: str, path: str, body: object = None) -> Any:
        """Make a call that must succeed; return the body."""
        status, answer = self.call(person, method, path, body)
        assert status < 300, answer
        return answer

    def published(self, name: str = "Rex", place: Mapping[str, float] = ALEXANDERPLATZ) -> Person:
        """Create a person with a published profile."""
        person = self.people.new("Maya")
        self.done(person, "PUT", PROFILE, REX | {"display_name": name})
        self.done(person, "PUT", LOCATION, place)
        add_photos(self.people.connection, person.id, 2)
        return person

    def card(self, viewer: Person, shown: Person) -> tuple[int, Any]:
        return self.call(viewer, "GET", f"/api/profiles/{shown.id}")


def haversine(one: dict[str, float], other: dict[str, float]) -> float:
    """Return the distance of two places on a sphere, in metres."""
    lat1, lon1, lat2, lon2 = (
        math.radians(place[name]) for place in (one, other) for name in ("latitude", "longitude")
    )
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * _EARTH_METRES * math.asin(math.sqrt(min(1, half)))
