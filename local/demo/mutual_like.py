"""The end of `make demo`: two users like each other."""

from typing import Any
from urllib.parse import quote

from local.demo.opening import introduce, register
from local.demo.walk import Person, Walk
from local.errors import StackError
from local.progress import say

_PATH = "/api/discovery?limit=50"
_DOG = {"display_name": "Ada & Bella", "age": 3, "activity_level": "high"}
_PLACE = {"latitude": 48.2167, "longitude": 16.3959}


def like_each_other(walk: Walk, first: Person, name: str) -> Person:
    """Register a new user, whom the first one discovers and likes, and who likes back."""
    say(f"\n9. {name} registers; {first.name} discovers and likes {name}, who likes back")
    second = register(walk, name)
    introduce(walk, second, _DOG, _PLACE)
    profile = _discovered(walk, first, second)
    distance = profile["distance"]
    reasons = ", ".join(profile["reasons"]).replace("_", " ")
    say(
        f"  {profile['display_name']}: score {profile['score']:.2f},"
        f" at most {distance['value']} {distance['unit']} away, {reasons}"
    )
    _like(walk, first, second)
    received = walk.read(second, "/api/likes?direction=received").json()["likes"]
    say(f"  {second.name} is liked by {', '.join(row['user']['display_name'] for row in received)}")
    match = _like(walk, second, first)
    if match is None:
        raise StackError("two likes made no match")
    say(f"  the match is {match['status']}, from a {match['origin'].replace('_', ' ')}")
    return second


def _discovered(walk: Walk, viewer: Person, wanted: Person) -> Any:
    path: str | None = _PATH
    while path:
        page = walk.read(viewer, path).json()
        for profile in page["profiles"]:
            if profile["user_id"] == str(wanted.id):
                return profile
        cursor = page["next_cursor"]
        path = f"{_PATH}&cursor={quote(cursor)}" if cursor else None
    raise StackError(f"{viewer.name} does not discover {wanted.name}")


def _like(walk: Walk, person: Person, other: Person) -> Any:
    return walk.put(person, f"/api/likes/{other.id}", {}, expected=200)["match"]
