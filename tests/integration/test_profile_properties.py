"""Properties 8, 9 and 10 of the specification, through PostgREST and the real database."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.coordinates import ANYTHING, is_degrees
from tests.support.functions import Function
from tests.support.people import People, Person
from tests.support.profiles import (
    LOCATION,
    PREFERENCES,
    PROFILE,
    REX,
    Profiles,
    haversine,
    match,
)

MANY = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
IN_METRES = {"miles": 1609.344, "kilometers": 1000.0}
MAX_METRES = 500_000
# Two diagonals of half a cell, of which one may be at the date line.
CELLS = 2 * 1112 * math.hypot(0.5, 1.5)
PLACES = st.fixed_dictionaries(
    {"latitude": st.floats(-90, 90), "longitude": st.floats(-180, 180)}
).filter(lambda place: place["latitude"] != 0 or place["longitude"] != 0)
BERLIN, PARIS = (
    {"latitude": 52.5219, "longitude": 13.4132},
    {"latitude": 48.8566, "longitude": 2.3522},
)
WEST, EAST = (
    {"latitude": -16.8, "longitude": 179.99},
    {"latitude": -16.8, "longitude": -179.99},
)
POLE = {"latitude": 90, "longitude": -77}


@dataclass
class Two:
    """Two users who are matched, so that each sees the other's card."""

    profiles: Profiles
    maya: Person
    leo: Person

    def distance(self, viewer: Person, shown: Person) -> Any:
        return self.profiles.card(viewer, shown)[1]["distance"]


@pytest.fixture
def two(function: Callable[..., Function], people: People) -> Two:
    profiles = Profiles(function("profile", ENABLE_RATE_LIMITING="false"), people)
    maya, leo = people.pair()
    for person in (maya, leo):
        profiles.done(person, "PUT", PROFILE, REX)
    match(people, maya, leo)
    return Two(profiles, maya, leo)


@MANY
@given(one=PLACES, other=PLACES, unit=st.sampled_from(sorted(IN_METRES)))
@example(one=BERLIN, other=PARIS, unit="kilometers")
@example(one=WEST, other=EAST, unit="miles")
@example(one=POLE, other=POLE | {"longitude": 100}, unit="miles")
def test_8_a_distance_is_symmetric_and_agrees_with_haversine(
    two: Two, one: dict[str, float], other: dict[str, float], unit: str
) -> None:
    two.profiles.done(two.maya, "PUT", LOCATION, one)
    two.profiles.done(two.leo, "PUT", LOCATION, other)
    for person in (two.maya, two.leo):
        two.profiles.done(person, "PUT", PREFERENCES, {"distance_unit": unit})

    there, back = two.distance(two.maya, two.leo), two.distance(two.leo, two.maya)

    assert there == back
    assert (there["unit"], type(there["value"])) == (unit, int)
    metres, exact = there["value"] * IN_METRES[unit], haversine(one, other)
    assert there["value"] >= 1
    assert exact * 0.995 - CELLS <= metres <= exact * 1.005 + CELLS + IN_METRES[unit]


@MANY
@given(
    unit=st.sampled_from(sorted(IN_METRES)),
    share=st.floats(1e-300, 1, exclude_max=True),  # a subnormal number has fewer digits
    changes=st.lists(st.sampled_from(sorted(IN_METRES)), max_size=4),
)
def test_9_a_distance_survives_any_change_of_its_unit(
    two: Two, unit: str, share: float, changes: list[str]
) -> None:
    distance = share * MAX_METRES / IN_METRES[unit]
    saved = two.profiles.done(
        two.maya, "PUT", PREFERENCES, {"distance_unit": unit, "max_distance": distance}
    )
    assert saved["max_distance"] == distance

    for change in changes:
        saved = two.profiles.done(two.maya, "PUT", PREFERENCES, {"distance_unit": change})
        metres = saved["max_distance"] * IN_METRES[change]
        assert math.isclose(metres, share * MAX_METRES, rel_tol=1e-12)

    back = two.profiles.done(two.maya, "PUT", PREFERENCES, {"distance_unit": unit})
    assert back["max_distance"] == distance


@MANY
@given(latitude=ANYTHING, longitude=ANYTHING)
@example(latitude=0, longitude=0)
@example(latitude=True, longitude=13)
@example(latitude=math.nan, longitude=13)
@example(latitude=52, longitude=math.inf)
@example(latitude="52", longitude=13)
@example(latitude=89.75, longitude=5e-324)
def test_10_a_location_is_two_finite_numbers_in_range(
    two: Two, latitude: object, longitude: object
) -> None:
    right = is_degrees(latitude, 90) and is_degrees(longitude, 180)
    known = right and (latitude != 0 or longitude != 0)
    before = two.profiles.done(two.maya, "GET", PROFILE)["location"]
    place = {"latitude": latitude, "longitude": longitude}

    status, answer = two.profiles.call(two.maya, "PUT", LOCATION, place)

    after = two.profiles.done(two.maya, "GET", PROFILE)["location"]
    assert status == (200 if known else 422), answer
    assert after == (answer if known else before)
    if known:
        assert {name: after[name] for name in place} == place
