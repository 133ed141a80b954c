"""Playgrounds, through the function `playgrounds`."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.people import People
from tests.support.playgrounds import PATH, Playgrounds, favourite, names, one
from tests.support.profiles import ALEXANDERPLATZ, PROFILE, REX, Profiles, fields_of, match

Load = Callable[..., Function]
MEMBERS = {
    *("id", "name", "latitude", "longitude", "description", "mine", "favourite", "distance"),
    "created_at",
}


@pytest.fixture
def grounds(function: Load, people: People) -> Playgrounds:
    return Playgrounds(function("playgrounds", ENABLE_RATE_LIMITING="false"), people)


def test_a_new_playground_belongs_to_its_owner_and_everyone_finds_it(
    grounds: Playgrounds, people: People
) -> None:
    maya, leo = people.pair()

    answer = grounds.send(maya, "POST", PATH, {**ALEXANDERPLATZ, "name": " Dog run "})

    added = json.loads(answer["body"])
    assert (answer["statusCode"], answer["headers"]["location"]) == (201, one(added))
    assert set(added) == MEMBERS
    assert added == {
        **ALEXANDERPLATZ,
        "id": added["id"],
        "name": "Dog run",
        "description": "",
        "mine": True,
        "favourite": False,
        "distance": None,
        "created_at": added["created_at"],
    }
    assert grounds.done(maya, "GET", one(added)) == added
    assert grounds.done(leo, "GET", one(added)) == added | {"mine": False}


def test_a_repeated_request_adds_nothing_twice(grounds: Playgrounds, people: People) -> None:
    maya = people.new()
    key, body = {"idempotency_key": str(uuid4())}, {**ALEXANDERPLATZ, "name": uuid4().hex}

    first = grounds.send(maya, "POST", PATH, body, **key)
    again = grounds.send(maya, "POST", PATH, body, **key)
    other = grounds.send(maya, "POST", PATH, body | {"name": "Another"}, **key)

    assert (again["statusCode"], again["body"]) == (201, first["body"])
    assert again["headers"]["idempotent-replayed"] == "true"
    assert json.loads(other["body"])["code"] == "idempotency_key_reused"
    assert len(grounds.found(maya, q=body["name"])) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        *(({"name": name}, "name") for name in ("", "  ", "x" * 201, "a\nb", None, 5, "\u200b")),
        ({"name": "www.example.com"}, "name"),
        ({"description": "x" * 1001}, "description"),
        ({"description": "a\u202eb"}, "description"),
        *(({"latitude": value}, "latitude") for value in (90.1, -91, "52", True, None, 1e400)),
        *(({"longitude": value}, "longitude") for value in (180.1, -181, "13", False)),
        ({"latitude": 0, "longitude": 0}, "latitude"),
        ({"owner_id": str(uuid4())}, "owner_id"),
    ],
)
def test_an_invalid_playground_is_a_422_that_names_the_field(
    grounds: Playgrounds, people: People, change: dict[str, Any], field: str
) -> None:
    maya = people.new()
    mine = grounds.add(maya)

    for method, path, body in (
        ("POST", PATH, {**ALEXANDERPLATZ, "name": "Dog run"}),
        ("PATCH", one(mine), {}),
    ):
        status, problem = grounds.call(maya, method, path, body | change)
        assert (status, fields_of(problem)) == (422, [field])
    assert grounds.done(maya, "GET", one(mine)) == mine


def test_fields_change_one_by_one(grounds: Playgrounds, people: People) -> None:
    maya = people.new()
    mine = grounds.add(maya, description="Fenced")

    for change in ({"description": ""}, {"name": "🐶"}, {"latitude": 10.5}, {"longitude": -180}):
        mine |= change
        assert grounds.done(maya, "PATCH", one(mine), change) == mine
    assert grounds.done(maya, "GET", one(mine)) == mine
    assert grounds.call(maya, "PATCH", one(mine), {})[0] == 422


def test_a_deleted_playground_and_its_favourites_are_gone(
    grounds: Playgrounds, people: People
) -> None:
    maya, leo = people.pair()
    mine = grounds.add(maya)
    grounds.done(leo, "PUT", favourite(mine))

    assert grounds.call(maya, "DELETE", one(mine)) == (204, None)

    for method, path in (
        *((method, one(mine)) for method in ("GET", "DELETE")),
        *((method, favourite(mine)) for method in ("PUT", "DELETE")),
    ):
        assert grounds.call(leo, method, path)[0] == 404
    assert grounds.page(leo, favourite="true") == {"playgrounds": [], "next_cursor": None}


def test_a_favourite_is_set_and_removed_again_and_again(
    grounds: Playgrounds, people: People
) -> None:
    maya, leo = people.pair()
    mine = grounds.add(maya)

    for method, expected in (("PUT", True), ("DELETE", False)):
        for _ in range(2):
            assert grounds.call(leo, method, favourite(mine)) == (204, None)
        assert grounds.done(leo, "GET", one(mine))["favourite"] is expected
        assert grounds.done(maya, "GET", one(mine))["favourite"] is False


def test_the_newest_favourite_comes_first_on_every_page(
    grounds: Playgrounds, people: People
) -> None:
    maya = people.new()
    places = [grounds.add(maya, f"Place {number}") for number in range(5)]
    for place in places:
        grounds.done(maya, "PUT", favourite(place))
    newest_first = [f"Place {number}" for number in (4, 3, 2, 1, 0)]

    assert names(grounds.found(maya, favourite="true", limit=2)) == newest_first
    near = grounds.found(maya, favourite="true", limit=2, **ALEXANDERPLATZ)
    assert sorted(names(near)) == sorted(newest_first)
    assert names(grounds.found(maya, favourite="true", q="place 3"))[:1] == ["Place 3"]


def test_a_card_shows_ten_favourites_the_newest_first(
    grounds: Playgrounds, function: Load, people: People
) -> None:
    maya, leo = people.pair()
    profiles = Profiles(function("profile", ENABLE_RATE_LIMITING="false"), people)
    profiles.done(leo, "PUT", PROFILE, REX)
    match(people, maya, leo)
    places = [grounds.add(maya, f"Place {number}") for number in range(11)]
    for place in places:
        grounds.done(leo, "PUT", favourite(place))

    shown = profiles.card(maya, leo)[1]["playgrounds"]

    assert shown == [{"id": each["id"], "name": each["name"]} for each in places[:0:-1]]


def test_distances_are_in_the_unit_of_the_search_or_of_the_preferences(
    grounds: Playgrounds, function: Load, people: People
) -> None:
    maya = people.new()
    name = uuid4().hex
    grounds.add(maya, name)
    north = {"latitude": ALEXANDERPLATZ["latitude"] + 0.05, "longitude": 13.4132, "q": name}

    def distance(**query: object) -> Any:
        [found] = grounds.page(maya, **north, **query)["playgrounds"]
        return found["distance"]

    # 0.05 degrees on a sphere of 6 371 km are 5560 m.
    assert distance(unit="kilometers", radius=6) == {"value": 5.6, "unit": "kilometers"}
    assert distance(unit="miles", radius=4) == {"value": 3.5, "unit": "miles"}
    assert distance() == {"value": 3.5, "unit": "miles"}
    assert grounds.page(maya, **north, unit="miles", radius=3.4)["playgrounds"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "q"),
        ({"favourite": "false"}, "q"),
        ({"q": ""}, "q"),
        ({"q": "x" * 201}, "q"),
        ({"q": "a\x00b"}, "q"),
        ({"latitude": 52}, "longitude"),
        ({"longitude": 13}, "latitude"),
        ({"radius": 5, "q": "a"}, "radius"),
        *(({"latitude": value, "longitude": 13}, "latitude") for value in ("NaN", "inf", 91, "x")),
        ({"latitude": 52, "longitude": 180.5}, "longitude"),
        ({"latitude": 0, "longitude": 0}, "latitude"),
        *(
            ({"latitude": 52, "longitude": 13, "radius": value}, "radius")
            for value in (0, -1, 100.1, "NaN", "1e400")
        ),
        ({"latitude": 52, "longitude": 13, "radius": 62.2, "unit": "miles"}, "radius"),
        ({"latitude": 52, "longitude": 13, "unit": "furlongs"}, "unit"),
        ({"q": "a", "limit": 101}, "limit"),
        ({"q": "a", "limit": 0}, "limit"),
    ],
)
def test_an_invalid_search_is_a_422_that_names_the_field(
    grounds: Playgrounds, people: People, query: dict[str, object], field: str
) -> None:
    status, problem = grounds.refused(people.new(), **query)

    assert (status, fields_of(problem)) == (422, [field])


def test_a_request_calls_redis_and_the_database_once_each(
    function: Load, people: People, calls: list[str]
) -> None:
    grounds, maya = Playgrounds(function("playgrounds"), people), people.new()
    mine = grounds.add(maya)
    for method, path, body, rpc in (
        ("POST", PATH, {**ALEXANDERPLATZ, "name": "Dog run"}, "create_playground"),
        ("GET", f"{PATH}?q=dog&latitude=52.5&longitude=13.4", None, "list_playgrounds"),
        ("GET", one(mine), None, "get_playground"),
        ("PATCH", one(mine), {"name": "Dogs"}, "change_playground"),
        ("PUT", favourite(mine), None, "put_favourite_playground"),
        ("DELETE", favourite(mine), None, "delete_favourite_playground"),
        ("DELETE", one(mine), None, "delete_playground"),
    ):
        calls.clear()
        grounds.done(maya, method, path, body)
        assert calls == ["POST /", f"POST /rest/v1/rpc/{rpc}"]
