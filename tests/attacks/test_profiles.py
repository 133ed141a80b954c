"""Others learn a user's place to about a kilometre, and nothing about a hidden profile."""

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support.functions import Function
from tests.support.people import People, Person
from tests.support.profiles import (
    ALEXANDERPLATZ,
    LOCATION,
    PREFERENCES,
    PROFILE,
    REX,
    Profiles,
    match,
)

# Two houses in one cell, and one in the next cell.
HOME = {"latitude": 52.52231, "longitude": 13.40713}
NEXT_DOOR = {"latitude": 52.51791, "longitude": 13.41527}
AWAY = {"latitude": 52.53731, "longitude": 13.40713}
# 5.3 km from one house, and 4.8 km from the other.
SOUTH = {"latitude": 52.47465, "longitude": 13.40713}
# Only these functions, all of the owner, read the exact place.
OWN_PLACE = {"location_json", "put_location", "delete_location", "missing_of_profile"}


@pytest.fixture
def profiles(function: Callable[..., Function], people: People) -> Profiles:
    return Profiles(function("profile", ENABLE_RATE_LIMITING="false"), people)


def seen_by_others(profiles: Profiles, target: Person, *viewers: Person) -> list[str]:
    """Return the bytes that viewers get about a target, and the headers that carry a version."""
    found = []
    for viewer in viewers:
        for path in (f"/api/profiles/{target.id}", PREFERENCES):
            answer = profiles.send(viewer, "GET", path)
            assert answer["statusCode"] == 200
            found += [answer["body"], answer["headers"]["etag"]]
    return found


def test_moving_within_a_cell_changes_no_byte_of_anyones_answer(
    profiles: Profiles, people: People
) -> None:
    target, viewer, friend = (profiles.published(place=place) for place in (HOME, SOUTH, SOUTH))
    for spy in (viewer, friend):
        profiles.done(spy, "PUT", PREFERENCES, {"distance_unit": "kilometers"})
    match(people, target, friend)
    before = seen_by_others(profiles, target, viewer, friend)

    profiles.done(target, "PUT", LOCATION, NEXT_DOOR)
    assert seen_by_others(profiles, target, viewer, friend) == before

    profiles.done(target, "PUT", LOCATION, AWAY)
    assert seen_by_others(profiles, target, viewer, friend) != before


def test_a_viewer_who_moves_within_a_cell_learns_nothing(profiles: Profiles) -> None:
    target, viewer = profiles.published(place=SOUTH), profiles.published(place=HOME)
    profiles.done(viewer, "PUT", PREFERENCES, {"distance_unit": "kilometers"})
    before = profiles.card(viewer, target)[1]

    profiles.done(viewer, "PUT", LOCATION, NEXT_DOOR)

    assert profiles.card(viewer, target)[1] == before


def test_measuring_from_all_sides_finds_only_the_cell(profiles: Profiles) -> None:
    """Two targets in one cell look alike from every viewer's place."""
    one, other, viewer = (
        profiles.published(place=HOME),
        profiles.published(place=NEXT_DOOR),
        profiles.published(),
    )
    profiles.done(viewer, "PUT", PREFERENCES, {"distance_unit": "kilometers"})

    for north in range(-2, 3):
        for east in range(-2, 3):
            place = {
                "latitude": HOME["latitude"] + north * 0.0071,
                "longitude": HOME["longitude"] + east * 0.0113,
            }
            profiles.done(viewer, "PUT", LOCATION, place)
            distances = [profiles.card(viewer, who)[1]["distance"] for who in (one, other)]
            assert distances[0] == distances[1]


def test_only_the_owners_functions_read_the_exact_place(people: People) -> None:
    sources = people.connection.execute(
        "select proname, prosrc from pg_proc"
        " where pronamespace in ('public'::regnamespace, 'private'::regnamespace)"
    ).fetchall()
    readers = {
        name
        for name, source in sources
        if "dog_profiles" in source and re.search(r"\b(place|latitude|longitude)\b", source)
    }

    assert readers <= OWN_PLACE | {"change_profile"}, "use `cell` for what others can observe"


def test_no_answer_to_another_user_has_an_exact_coordinate(
    profiles: Profiles, function: Callable[..., Function], people: People, stack: dict[str, str]
) -> None:
    """Call every function that PostgREST offers to users, with the target's id."""
    target, spy = profiles.published(place=HOME), profiles.published()
    match_id = match(people, target, spy)
    arguments = people.connection.execute(
        "select proname, coalesce(proargnames[1:pronargs], '{}'),"
        " array(select type::regtype::text from unnest(proargtypes) as type)"
        " from pg_proc where pronamespace = 'public'::regnamespace"
        " and has_function_privilege('authenticated', oid, 'execute')"
    ).fetchall()
    headers = spy.authorization | {
        "apikey": stack["SUPABASE_PUBLISHABLE_KEY"],
        "x-backend-key": stack["BACKEND_KEY"],
    }

    answers = []
    with httpx.Client(base_url=f"{stack['SUPABASE_URL']}/rest/v1", headers=headers) as client:
        for name, names, types in arguments:
            values = [match_id if "match" in each else target.id for each in names]
            body = {
                each: str(value) if kind == "uuid" else None
                for each, value, kind in zip(names, values, types, strict=True)
            }
            answers.append(client.post(f"/rpc/{name}", json=body).text)

    assert len(answers) > 30
    assert any("Rex" in answer for answer in answers)
    for coordinate in HOME.values():
        assert [answer for answer in answers if str(coordinate) in answer] == []


@pytest.mark.parametrize("column", ["latitude", "longitude", "place", "cell", "*"])
def test_no_role_of_a_user_reads_the_table(
    people: People, stack: dict[str, str], column: str
) -> None:
    headers = people.new().authorization | {
        "apikey": stack["SUPABASE_PUBLISHABLE_KEY"],
        "x-backend-key": stack["BACKEND_KEY"],
    }
    url = f"{stack['SUPABASE_URL']}/rest/v1/dog_profiles?select={column}"

    for sent in (headers, {**headers, "Authorization": ""}):
        answer = httpx.get(url, headers={name: value for name, value in sent.items() if value})
        assert answer.json()["code"] == "42501"


def test_a_hidden_profile_looks_like_a_missing_one(profiles: Profiles, people: People) -> None:
    hidden, incomplete, deleted = profiles.published(), people.new(), profiles.published()
    profiles.done(hidden, "PATCH", PROFILE, {"visible": False})
    profiles.done(incomplete, "PUT", PROFILE, REX)
    people.remove(deleted)
    spy, without_profile = profiles.published(), people.new()

    def answer(user_id: UUID) -> Any:
        found = profiles.send(spy, "GET", f"/api/profiles/{user_id}")
        problem = json.loads(found["body"])
        del problem["request_id"]
        return found["statusCode"], problem

    ids = (hidden.id, incomplete.id, deleted.id, without_profile.id, uuid4())
    answers = [answer(user_id) for user_id in ids]

    assert answers[0][0] == 404
    assert all(each == answers[0] for each in answers)


def test_an_invitation_shows_nothing_of_a_hidden_profile(
    profiles: Profiles, function: Callable[..., Function], people: People
) -> None:
    hidden, spy = profiles.published("Secret Rex"), people.new()
    profiles.done(hidden, "PATCH", PROFILE, {"visible": False})
    match(people, spy, hidden, "pending")

    answer = function("match_request").call("list", access_token=spy.token)[1]

    [found] = answer["matches"]
    assert found["partner"] == {"user_id": str(hidden.id), "name": "Maya", "photo_url": None}


def test_a_huge_body_is_refused_before_the_database(
    profiles: Profiles, people: People, calls: list[str]
) -> None:
    maya = people.new()
    profiles.done(maya, "PUT", PROFILE, REX)
    calls.clear()

    for prompts in (
        [{"question": "q", "answer": "x" * 1_500_000}],
        [{"question": "q", "answer": "a"}] * 40_000,
        json.loads("[" * 500 + "]" * 500),
    ):
        status, _ = profiles.call(maya, "PUT", PROFILE, REX | {"prompts": prompts})
        assert status == 422

    assert not [call for call in calls if "rpc" in call]


def test_a_body_cannot_name_another_user_or_a_column(profiles: Profiles, people: People) -> None:
    maya, leo = profiles.published(), profiles.published("Bello")
    before = profiles.done(leo, "GET", PROFILE)
    for name, value in {"user_id": str(leo.id), "id": str(leo.id), "cell": None}.items():
        assert profiles.call(maya, "PUT", PROFILE, REX | {name: value})[0] == 422
        assert profiles.call(maya, "PATCH", PROFILE, {"age": 9, name: value})[0] == 422
        assert profiles.call(maya, "PUT", LOCATION, {**ALEXANDERPLATZ, name: value})[0] == 422
        assert profiles.call(maya, "PUT", PREFERENCES, {"min_age": 1, name: value})[0] == 422

    assert profiles.call(maya, "PUT", f"/api/profiles/{leo.id}", REX)[0] == 405
    assert profiles.done(leo, "GET", PROFILE) == before
