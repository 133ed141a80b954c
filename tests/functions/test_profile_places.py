"""Locations and preferences, through the function `profile`."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.functions import Function
from tests.support.people import People
from tests.support.profiles import (
    ALEXANDERPLATZ,
    LOCATION,
    PREFERENCES,
    PROFILE,
    REX,
    Profiles,
    fields_of,
)

Load = Callable[..., Function]
TEMPELHOF = {"latitude": 52.4731, "longitude": 13.4023}


@pytest.fixture
def profiles(function: Load, people: People) -> Profiles:
    return Profiles(function("profile"), people)


@pytest.mark.parametrize(
    "body",
    [
        {"latitude": 90, "longitude": 180},
        {"latitude": -90, "longitude": -180},
        {"latitude": 0, "longitude": 13},
        {"latitude": 52.5, "longitude": 0},
        {"latitude": 1e-300, "longitude": 0},
        {"latitude": 52.123456789012345, "longitude": -0.000001},
    ],
)
def test_a_place_is_stored_as_it_was_sent(
    profiles: Profiles, people: People, body: dict[str, float]
) -> None:
    maya = people.new()

    stored = profiles.done(maya, "PUT", LOCATION, body)

    assert {name: stored[name] for name in body} == body


@pytest.mark.parametrize(
    "text",
    [
        '{"latitude": %s, "longitude": 13}' % value  # noqa: UP031 (braces)
        for value in (
            *("90.000001", "-91", "1e400", "-1e400", "NaN", "Infinity", "-Infinity", "true"),
            *('"52.5"', '"NaN"', "null", "[52.5]", "{}", '""', "1" + "0" * 400),
        )
    ]
    + [
        '{"latitude": 52.5, "longitude": 180.5}',
        '{"latitude": 52.5, "longitude": false}',
        '{"latitude": 0, "longitude": 0}',
        '{"latitude": -0.0, "longitude": 0.0}',
        '{"latitude": 52.5}',
        '{"latitude": 52.5, "longitude": 13, "accuracy": 5}',
        "[52.5, 13]",
        "null",
    ],
)
def test_a_wrong_place_is_a_422_and_costs_no_move(
    profiles: Profiles, people: People, text: str
) -> None:
    maya = people.new()
    profiles.done(maya, "PUT", LOCATION, ALEXANDERPLATZ)

    answer = profiles.send(maya, "PUT", LOCATION, text)

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (422, "invalid_request")
    moved = profiles.send(maya, "PUT", LOCATION, ALEXANDERPLATZ)
    assert '"location";r=8;' in moved["headers"]["ratelimit"]


def test_a_location_changes_ten_times_and_then_every_five_minutes(
    profiles: Profiles, people: People
) -> None:
    maya = people.new()
    for _ in range(10):
        profiles.done(maya, "PUT", LOCATION, ALEXANDERPLATZ)

    answer = profiles.send(maya, "PUT", LOCATION, TEMPELHOF)

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (429, "rate_limited")
    assert 290 <= int(answer["headers"]["retry-after"]) <= 300
    assert profiles.send(maya, "DELETE", LOCATION)["statusCode"] == 204


def test_a_location_can_be_forgotten_again_and_again(profiles: Profiles, people: People) -> None:
    maya = people.new()
    profiles.done(maya, "PUT", PROFILE, REX)
    profiles.done(maya, "PUT", LOCATION, ALEXANDERPLATZ)

    for _ in range(2):
        answer = profiles.send(maya, "DELETE", LOCATION)
        assert (answer["statusCode"], answer["body"]) == (204, "")
    assert profiles.done(maya, "GET", PROFILE)["location"] is None


def test_preferences_have_defaults_and_change_one_by_one(
    profiles: Profiles, people: People
) -> None:
    maya = people.new()
    defaults = {
        "min_age": 0,
        "max_age": 20,
        "max_distance": 25,
        "distance_unit": "miles",
        "activity_level": None,
    }
    assert profiles.done(maya, "GET", PREFERENCES) == defaults
    assert profiles.done(maya, "PUT", PREFERENCES, {}) == defaults

    for change in (
        {"max_age": 8},
        {"activity_level": "low"},
        {"max_distance": 0.5},
        {"min_age": 8},
    ):
        defaults |= change
        assert profiles.done(maya, "PUT", PREFERENCES, change) == defaults
    assert profiles.done(maya, "GET", PREFERENCES) == defaults
    assert (
        profiles.done(maya, "PUT", PREFERENCES, {"activity_level": None})["activity_level"] is None
    )


def test_a_new_unit_alone_converts_the_distance(profiles: Profiles, people: People) -> None:
    maya = people.new()

    in_kilometers = profiles.done(maya, "PUT", PREFERENCES, {"distance_unit": "kilometers"})
    in_miles = profiles.done(maya, "PUT", PREFERENCES, {"distance_unit": "miles"})
    both = profiles.done(
        maya, "PUT", PREFERENCES, {"distance_unit": "kilometers", "max_distance": 30}
    )

    assert in_kilometers["max_distance"] == 40.2336
    assert in_miles["max_distance"] == 25
    assert (both["max_distance"], both["distance_unit"]) == (30, "kilometers")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"min_age": 9, "max_age": 8}, "min_age"),
        *(({"min_age": age}, "min_age") for age in (-1, 21, True, "3", 1.5, None)),
        *(
            ({"max_distance": far}, "max_distance")
            for far in (0, -1, 500.5, 1e400, True, "5", None)
        ),
        ({"max_distance": 310.7}, "max_distance"),
        ({"distance_unit": "furlongs"}, "distance_unit"),
        ({"distance_unit": None}, "distance_unit"),
        ({"activity_level": "extreme"}, "activity_level"),
        ({"max_metres": 5}, "max_metres"),
    ],
)
def test_an_invalid_preference_is_a_422_that_names_it(
    profiles: Profiles, people: People, change: dict[str, Any], field: str
) -> None:
    maya = people.new()
    before = profiles.done(maya, "GET", PREFERENCES)

    status, problem = profiles.call(maya, "PUT", PREFERENCES, change)

    assert (status, fields_of(problem)) == (422, [field])
    assert profiles.done(maya, "GET", PREFERENCES) == before


def test_a_new_age_limit_is_checked_against_the_stored_one(
    profiles: Profiles, people: People
) -> None:
    maya = people.new()
    profiles.done(maya, "PUT", PREFERENCES, {"max_age": 5})

    assert profiles.call(maya, "PUT", PREFERENCES, {"min_age": 6})[0] == 422
    assert profiles.done(maya, "PUT", PREFERENCES, {"min_age": 5})["min_age"] == 5
    whole = {"max_distance": 500, "distance_unit": "kilometers"}
    assert profiles.done(maya, "PUT", PREFERENCES, whole)["max_distance"] == 500
