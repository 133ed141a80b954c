"""Property 12 of the specification: the coordinates of playgrounds."""

import math
from collections.abc import Callable
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.coordinates import ANYTHING, is_degrees
from tests.support.functions import Function
from tests.support.people import People
from tests.support.playgrounds import PATH, Playgrounds, one

MANY = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def grounds(function: Callable[..., Function], people: People) -> Playgrounds:
    return Playgrounds(function("playgrounds", ENABLE_RATE_LIMITING="false"), people)


@MANY
@given(
    latitude=st.floats(-90, 90) | ANYTHING,
    longitude=st.floats(-180, 180) | ANYTHING,
    method=st.sampled_from(["POST", "PATCH"]),
)
@example(latitude=0, longitude=0, method="POST")
@example(latitude=0, longitude=0, method="PATCH")
@example(latitude=True, longitude=13, method="POST")
@example(latitude=math.nan, longitude=13, method="PATCH")
@example(latitude=52, longitude=math.inf, method="POST")
@example(latitude="52", longitude=13, method="PATCH")
@example(latitude=-90, longitude=180, method="POST")
def test_12_a_playground_is_at_two_finite_numbers_in_range(
    grounds: Playgrounds, people: People, latitude: object, longitude: object, method: str
) -> None:
    right = is_degrees(latitude, 90) and is_degrees(longitude, 180)
    known = right and (latitude != 0 or longitude != 0)
    maya, name = people.new(), uuid4().hex
    place = {"latitude": latitude, "longitude": longitude}
    if method == "PATCH":
        before = grounds.add(maya, name)
        status, answer = grounds.call(maya, "PATCH", one(before), place)
    else:
        status, answer = grounds.call(maya, "POST", PATH, place | {"name": name})

    kept = grounds.found(maya, q=name)
    if known:
        assert status in {200, 201}, answer
        assert kept == [answer]
        assert {part: answer[part] for part in place} == place
    else:
        assert status == 422, answer
        assert kept == ([before] if method == "PATCH" else [])
