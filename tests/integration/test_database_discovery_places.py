"""Discovery at the places where maps go wrong."""

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.database import look
from tests.integration.discovery import Dog, discovery_list, expected, listed, settle
from tests.integration.own_database import own_database

CHANCE = random.Random(4)  # noqa: S311


def dogs_at(places: Sequence[tuple[float, float]], **traits: Any) -> list[Dog]:
    return [Dog(uuid4(), latitude, longitude, **traits) for latitude, longitude in places]


def around(latitude: float, longitude: float) -> Sequence[tuple[float, float]]:
    """Return places within 20 km, past poles and the date line too."""
    places = []
    for _ in range(60):
        up = latitude + CHANCE.gauss(0, 0.1)
        over = math.copysign(180 - abs(up), up) if abs(up) > 90 else up
        aside = longitude + CHANCE.gauss(0, 0.1) / max(math.cos(math.radians(over)), 1e-3)
        aside += 180 if abs(up) > 90 else 0
        places.append((over, (aside + 180) % 360 - 180))
    return places


def by_id(candidates: list[dict[str, Any]]) -> dict[str, Any]:
    return {each["user_id"]: each for each in candidates}


@pytest.fixture
def empty(database_url: str) -> Iterator[str]:
    with own_database(database_url) as url:
        yield url


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(-16.8, 180), (65, -180), (90, 0), (-90, 77), (0, 0), (0, 30), (51.5, 0), (0, 180)],
)
def test_the_neighbours_of_an_odd_place_are_found(
    url: str, latitude: float, longitude: float
) -> None:
    dogs = dogs_at(around(latitude, longitude), max_metres=15_000)
    settle(url, dogs)

    found = 0
    for viewer in dogs[:8]:
        answer = discovery_list(url, viewer)
        right = expected(viewer, [other for other in dogs if other is not viewer])
        # Mirrored cells are equally far, but for the last digit: their order is not compared.
        assert by_id(answer["candidates"]) == by_id(right["candidates"])
        assert answer | {"candidates": []} == right | {"candidates": []}
        scores = [each["score"] for each in answer["candidates"]]
        assert scores == sorted(scores, reverse=True)
        found += len(scores)

    assert found > 50


def test_hundreds_of_dogs_at_one_point_have_an_order_that_is_the_viewers_own(empty: str) -> None:
    dogs = dogs_at([(52.52, 13.41)] * 600)
    settle(empty, dogs)

    first, again, of_another = (listed(empty, dogs[n]) for n in (0, 0, 1))

    assert first == again
    assert len(set(first)) == len(first) == 200
    common = set(first) & set(of_another)
    assert [one for one in first if one in common] != [one for one in of_another if one in common]


def test_a_user_alone_has_an_empty_list(empty: str) -> None:
    [alone] = dogs = dogs_at([(52.52, 13.41)])
    settle(empty, dogs)

    answer = discovery_list(empty, alone)

    assert answer == {"stage": "anywhere", "radius_metres": None, "candidates": []}


def test_a_user_who_is_hidden_neither_sees_nor_is_seen(empty: str) -> None:
    hidden, other = dogs = dogs_at([(52.52, 13.41)] * 2)
    settle(empty, dogs)
    before = [listed(empty, dog) for dog in dogs]

    look(
        empty,
        "insert into private.hidden_profiles (user_id, hidden_by) values (%s, 'operator')",
        hidden.id,
    )

    assert before == [[other.id], [hidden.id]]
    assert [listed(empty, dog) for dog in dogs] == [[], []]


def test_a_far_neighbour_is_found_anywhere_on_earth(empty: str) -> None:
    """Even on the far side, 20 000 km away."""
    one, other = dogs = dogs_at([(52.52, 13.41), (-52.51, -166.58)])
    settle(empty, dogs)

    answer = discovery_list(empty, one)

    assert (answer["stage"], answer["radius_metres"]) == ("anywhere", None)
    assert [each["user_id"] for each in answer["candidates"]] == [str(other.id)]
    assert "beyond_your_distance" in answer["candidates"][0]["reasons"]
