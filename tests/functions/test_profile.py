"""Profiles through their function, on the real database."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

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
    match,
)

Load = Callable[..., Function]
WHOLE: dict[str, Any] = {
    "display_name": "Rex",
    "age": 4,
    "bio": "Knows every squirrel.\n\nAnd https://squirrels.example 🐕‍🦺",
    "activity_level": "high",
    "prompts": [{"question": "Favourite game?", "answer": "Anything with a ball."}],
}
TEMPELHOF = {"latitude": 52.4731, "longitude": 13.4023}


@pytest.fixture
def profiles(function: Load, people: People) -> Profiles:
    return Profiles(function("profile"), people)


def fields_of(problem: Any) -> list[str]:
    return [error["field"] for error in problem["errors"]]


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


def test_an_own_profile_is_read_whole(profiles: Profiles, people: People) -> None:
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


def test_missing_parts_are_listed_in_one_order(profiles: Profiles, people: People) -> None:
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


def test_a_card_shows_what_others_may_know(profiles: Profiles, people: People) -> None:
    viewer, leo = profiles.published(), profiles.published("Bello", place=TEMPELHOF)
    profiles.done(leo, "PATCH", PROFILE, {"bio": WHOLE["bio"], "prompts": WHOLE["prompts"]})

    status, card = profiles.card(viewer, leo)

    assert status == 200
    assert [photo["status"] for photo in card.pop("photos")] == ["ready", "ready"]
    assert card == {
        "user_id": str(leo.id),
        "display_name": "Bello",
        "age": 4,
        "bio": WHOLE["bio"],
        "activity_level": "medium",
        "prompts": WHOLE["prompts"],
        "distance": {"value": 4, "unit": "miles"},
        "reputation": {"score": 0, "badge_color": "green"},
        "playgrounds": [],
    }


def test_a_distance_is_in_the_viewers_unit_and_at_least_one(
    profiles: Profiles, people: People
) -> None:
    viewer, leo = profiles.published(), profiles.published(place=TEMPELHOF)
    neighbour = profiles.published()
    profiles.done(viewer, "PUT", PREFERENCES, {"distance_unit": "kilometers"})

    assert profiles.card(viewer, leo)[1]["distance"] == {"value": 6, "unit": "kilometers"}
    assert profiles.card(leo, viewer)[1]["distance"] == {"value": 4, "unit": "miles"}
    assert profiles.card(viewer, neighbour)[1]["distance"] == {"value": 1, "unit": "kilometers"}
    assert profiles.card(viewer, viewer)[1]["distance"] is None
    profiles.done(viewer, "DELETE", LOCATION)
    assert profiles.card(viewer, leo)[1]["distance"] is None


def test_a_hidden_profile_exists_for_its_owner_and_matches(
    profiles: Profiles, people: People
) -> None:
    leo, friend, stranger, invited = (profiles.published() for _ in range(4))
    match(people, leo, friend)
    match(people, leo, invited, "pending")
    profiles.done(leo, "PATCH", PROFILE, {"visible": False})

    seen = {who.id: profiles.card(who, leo)[0] for who in (leo, friend, stranger, invited)}

    assert list(seen.values()) == [200, 200, 404, 404]


def test_an_incomplete_profile_exists_for_its_owner_and_matches(
    profiles: Profiles, people: People
) -> None:
    leo, friend, stranger = people.new(), people.new(), people.new()
    profiles.done(leo, "PUT", PROFILE, REX)
    match(people, friend, leo)

    seen = [profiles.card(who, leo)[0] for who in (leo, friend, stranger)]

    assert seen == [200, 200, 404]


def test_a_declined_or_deleted_partner_is_gone(profiles: Profiles, people: People) -> None:
    leo, declined, gone = (profiles.published() for _ in range(3))
    match(people, leo, declined, "declined")
    profiles.done(leo, "PATCH", PROFILE, {"visible": False})
    people.remove(gone)

    assert profiles.card(declined, leo)[0] == 404
    assert profiles.card(leo, gone)[0] == 404


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
def test_what_is_no_place_is_a_422_and_costs_no_move(
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


def test_a_stored_age_counts_against_a_new_one(profiles: Profiles, people: People) -> None:
    maya = people.new()
    profiles.done(maya, "PUT", PREFERENCES, {"max_age": 5})

    assert profiles.call(maya, "PUT", PREFERENCES, {"min_age": 6})[0] == 422
    assert profiles.done(maya, "PUT", PREFERENCES, {"min_age": 5})["min_age"] == 5
    whole = {"max_distance": 500, "distance_unit": "kilometers"}
    assert profiles.done(maya, "PUT", PREFERENCES, whole)["max_distance"] == 500


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


def test_a_partner_is_shown_as_their_profile_to_those_who_may_see_it(
    function: Load, profiles: Profiles, people: People
) -> None:
    maya, leo, ada = people.new("Maya"), profiles.published("Bello"), people.new("Ada")
    match(people, maya, leo)
    match(people, ada, leo, "pending")

    def partner(person: Any) -> tuple[str, bool]:
        answer = function("match_request").call("list", access_token=person.token)[1]
        [found] = answer["matches"]
        return found["partner"]["name"], found["partner"]["photo_url"] is not None

    assert (partner(maya), partner(ada)) == (("Bello", True), ("Bello", True))
    profiles.app = function("profile")
    profiles.done(leo, "PATCH", PROFILE, {"visible": False})
    assert (partner(maya), partner(ada)) == (("Bello", True), ("Maya", False))


def test_a_token_is_required(function: Load) -> None:
    status, problem, _ = function("profile").call("get", access_token="")

    assert (status, problem["code"]) == (401, "unauthenticated")


def test_a_malformed_id_is_a_422(profiles: Profiles, people: People) -> None:
    assert profiles.call(people.new(), "GET", "/api/profiles/rex")[0] == 422
    assert profiles.call(people.new(), "GET", f"/api/profiles/{uuid4()}")[0] == 404


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
