"""A user's own profile, through its function, on the real database."""

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
    add_photos,
    fields_of,
)

Load = Callable[..., Function]
WHOLE: dict[str, Any] = {
    "display_name": "Rex",
    "age": 4,
    "bio": "Knows every squirrel.\n\nAnd https://squirrels.example 🐕‍🦺",
    "activity_level": "high",
    "prompts": [{"question": "Favourite game?", "answer": "Anything with a ball."}],
}


@pytest.fixture
def profiles(function: Load, people: People) -> Profiles:
    return Profiles(function("profile"), people)


def test_a_profile_is_created_once_and_then_replaced(profiles: Profiles, people: People) -> None:
    maya = people.new()

    created = profiles.send(maya, "PUT", PROFILE, WHOLE)
    replaced = profiles.send(maya, "PUT", PROFILE, REX)

    assert (created["statusCode"], created["headers"]["location"]) == (201, PROFILE)
    assert replaced["statusCode"] == 200
    assert "location" not in replaced["headers"]
    first, second = json.loads(created["body"]), json.loads(replaced["body"])
    assert {name: first[name] for name in WHOLE} == WHOLE
    assert (second["bio"], second["activity_level"], second["prompts"]) == ("", "medium", [])
    assert second["created_at"] == first["created_at"] <= second["updated_at"]


def test_a_user_reads_their_whole_profile(profiles: Profiles, people: People) -> None:
    maya = people.new()
    profiles.done(maya, "PUT", PROFILE, WHOLE)
    place = profiles.done(maya, "PUT", LOCATION, ALEXANDERPLATZ)
    add_photos(people.connection, maya.id, 2)

    own = profiles.done(maya, "GET", PROFILE)

    assert set(own) == {
        *("user_id", "display_name", "age", "bio", "activity_level", "prompts", "photos"),
        *("location", "visible", "published", "missing", "created_at", "updated_at"),
    }
    assert own["user_id"] == str(maya.id)
    assert own["location"] == place == {**ALEXANDERPLATZ, "updated_at": place["updated_at"]}
    assert place["updated_at"].endswith("Z")
    assert [photo["status"] for photo in own["photos"]] == ["ready", "ready"]
    assert (own["visible"], own["published"], own["missing"]) == (True, True, [])


def test_the_same_put_again_changes_nothing(profiles: Profiles, people: People) -> None:
    maya = people.new()
    first = profiles.done(maya, "PUT", PROFILE, WHOLE)

    assert profiles.done(maya, "PUT", PROFILE, WHOLE) == first
    assert profiles.done(maya, "PATCH", PROFILE, {"bio": WHOLE["bio"]}) == first


def test_there_is_no_profile_before_the_first_put(profiles: Profiles, people: People) -> None:
    maya = people.new()
    profiles.done(maya, "PUT", LOCATION, ALEXANDERPLATZ)

    for method, body in (("GET", None), ("PATCH", {"bio": "hi"})):
        status, problem = profiles.call(maya, method, PROFILE, body)
        assert (status, problem["code"]) == (404, "profile_not_found")
    assert profiles.card(maya, maya)[0] == 404
    assert profiles.done(maya, "PUT", PROFILE, REX)["location"]["latitude"] == 52.5219


def test_a_change_leaves_the_other_fields(profiles: Profiles, people: People) -> None:
    maya = people.new()
    profiles.done(maya, "PUT", PROFILE, WHOLE)

    changed = profiles.done(maya, "PATCH", PROFILE, {"display_name": " Bello ", "visible": False})

    assert {name: changed[name] for name in WHOLE} == WHOLE | {"display_name": "Bello"}
    assert changed["visible"] is False
    assert profiles.done(maya, "PATCH", PROFILE, {"bio": " "})["bio"] == ""
    # A PUT does not bring a hidden profile back.
    assert profiles.done(maya, "PUT", PROFILE, WHOLE)["visible"] is False


def test_missing_parts_are_always_listed_in_the_same_order(
    profiles: Profiles, people: People
) -> None:
    maya = people.new()

    own = profiles.done(maya, "PUT", PROFILE, REX)
    assert (own["missing"], own["published"]) == (["photos", "location"], False)
    add_photos(people.connection, maya.id, 1)
    profiles.done(maya, "PUT", LOCATION, ALEXANDERPLATZ)
    assert profiles.done(maya, "GET", PROFILE)["missing"] == ["photos"]
    add_photos(people.connection, maya.id, 1)
    own = profiles.done(maya, "GET", PROFILE)
    assert (own["missing"], own["published"]) == ([], True)
    own = profiles.done(maya, "PATCH", PROFILE, {"visible": False})
    assert (own["missing"], own["published"]) == ([], False)
    profiles.done(maya, "DELETE", LOCATION)
    assert profiles.done(maya, "GET", PROFILE)["missing"] == ["location"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        *(({"display_name": name}, "display_name") for name in ("", " ", "\u3164", "x" * 101, 7)),
        *(
            ({"display_name": name}, "display_name")
            for name in ("rex.com", "R\u0435x", "a\nb", None)
        ),
        ({"display_name": "Call +49 170 1234567"}, "display_name"),
        *(({"display_name": name}, "display_name") for name in ("R\x00ex", "\ud800", "Re\u202ex")),
        *(({"age": age}, "age") for age in (-1, 21, 1.5, "4", True, None, 10**400, [4])),
        *(({"bio": bio}, "bio") for bio in ("x" * 2001, "\u3164", "a\x00b", "a\x07b", None, 7)),
        *(({"bio": bio}, "bio") for bio in ("\ud800", "a\u202eb", "!!!", "\u200b")),
        *(({"activity_level": level}, "activity_level") for level in ("LOW", "", None, 1)),
        ({"prompts": [{"question": "q", "answer": "a"}] * 11}, "prompts"),
        ({"prompts": [{"question": "x" * 501, "answer": "a"}]}, "prompts.0.question"),
        ({"prompts": [{"question": "q", "answer": "x" * 1001}]}, "prompts.0.answer"),
        ({"prompts": [{"question": "q", "answer": " "}]}, "prompts.0.answer"),
        ({"prompts": [{"question": "q"}]}, "prompts.0.answer"),
        ({"prompts": [{"question": "q", "answer": "a", "more": 1}]}, "prompts.0.more"),
        ({"prompts": [{"question": "q", "answer": "\u2800"}]}, "prompts"),
        ({"prompts": [{"question": "q\x00", "answer": "a"}]}, "prompts.0.question"),
        ({"prompts": [{"question": "q", "answer": "\udfff"}]}, "prompts.0.answer"),
        ({"prompts": [{"question": "q\u200b", "answer": "a"}]}, "prompts"),
        ({"prompts": {}}, "prompts"),
        *(({name: 1}, name) for name in ("user_id", "latitude", "published", "photos", "cell")),
    ],
)
def test_an_invalid_field_is_a_422_that_names_it(
    profiles: Profiles, people: People, change: dict[str, Any], field: str
) -> None:
    maya = people.new()
    profiles.done(maya, "PUT", PROFILE, REX)

    for method, body in (("PUT", REX | change), ("PATCH", change)):
        status, problem = profiles.call(maya, method, PROFILE, body)
        assert (status, problem["code"]) == (422, "invalid_request"), problem
        assert fields_of(problem) == [field]
    assert profiles.done(maya, "GET", PROFILE)["display_name"] == "Rex"


@pytest.mark.parametrize("name", ["display_name", "age"])
def test_a_profile_needs_a_name_and_an_age(profiles: Profiles, people: People, name: str) -> None:
    body = {key: value for key, value in REX.items() if key != name}

    status, problem = profiles.call(people.new(), "PUT", PROFILE, body)

    assert (status, fields_of(problem)) == (422, [name])


def test_visible_is_changed_only_by_patch(profiles: Profiles, people: People) -> None:
    maya = people.new()
    profiles.done(maya, "PUT", PROFILE, REX)

    assert fields_of(profiles.call(maya, "PUT", PROFILE, REX | {"visible": False})[1]) == [
        "visible"
    ]
    for wrong in (1, "false", None):
        assert profiles.call(maya, "PATCH", PROFILE, {"visible": wrong})[0] == 422
    assert profiles.call(maya, "PATCH", PROFILE, {})[0] == 422


@pytest.mark.parametrize("path", [PROFILE, PREFERENCES, "card"])
def test_a_client_that_has_the_current_answer_gets_a_304(profiles: Profiles, path: str) -> None:
    maya = profiles.published()
    path = f"/api/profiles/{maya.id}" if path == "card" else path
    first = profiles.send(maya, "GET", path)

    again = profiles.send(maya, "GET", path, if_none_match=first["headers"]["etag"])
    profiles.done(maya, "PATCH", PROFILE, {"age": 5})
    profiles.done(maya, "PUT", PREFERENCES, {"min_age": 5})
    newer = profiles.send(maya, "GET", path, if_none_match=first["headers"]["etag"])

    assert first["headers"]["cache-control"] == "private, no-cache"
    assert (again["statusCode"], again["body"]) == (304, "")
    assert newer["statusCode"] == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "rpc"),
    [
        ("GET", PROFILE, None, "get_profile"),
        ("PUT", PROFILE, REX, "put_profile"),
        ("PATCH", PROFILE, {"age": 5}, "change_profile"),
        ("PUT", LOCATION, ALEXANDERPLATZ, "put_location"),
        ("DELETE", LOCATION, None, "delete_location"),
        ("GET", PREFERENCES, None, "get_profile_preferences"),
        ("PUT", PREFERENCES, {"min_age": 1}, "change_profile_preferences"),
        ("GET", "card", None, "get_card"),
    ],
)
def test_a_warm_request_makes_two_calls(
    profiles: Profiles, calls: list[str], method: str, path: str, body: object, rpc: str
) -> None:
    maya = profiles.published()
    path = f"/api/profiles/{maya.id}" if path == "card" else path
    calls.clear()

    profiles.done(maya, method, path, body)

    assert calls == ["POST /", f"POST /rest/v1/rpc/{rpc}"]


def test_a_token_is_required(function: Load) -> None:
    status, problem, _ = function("profile").call("get", access_token="")

    assert (status, problem["code"]) == (401, "unauthenticated")


def test_a_deleted_account_reads_and_writes_nothing(profiles: Profiles, people: People) -> None:
    for method, path, body in (
        ("GET", PROFILE, None),
        ("PUT", PROFILE, REX),
        ("PATCH", PROFILE, {"age": 2}),
        ("PUT", LOCATION, ALEXANDERPLATZ),
        ("PUT", PREFERENCES, {"min_age": 2}),
        ("GET", PREFERENCES, None),
    ):
        maya = people.new()
        people.remove(maya)
        assert profiles.call(maya, method, path, body)[0] == 401
