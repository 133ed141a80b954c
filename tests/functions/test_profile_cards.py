"""Profiles of others: their cards, and their names and pictures elsewhere."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.people import People
from tests.support.profiles import (
    LOCATION,
    PREFERENCES,
    PROFILE,
    REX,
    Profiles,
    match,
)

Load = Callable[..., Function]
BIO = "Knows every squirrel."
PROMPTS = [{"question": "Favourite game?", "answer": "Anything with a ball."}]
TEMPELHOF = {"latitude": 52.4731, "longitude": 13.4023}


@pytest.fixture
def profiles(function: Load, people: People) -> Profiles:
    return Profiles(function("profile"), people)


def test_a_card_shows_what_others_may_know(profiles: Profiles, people: People) -> None:
    viewer, leo = profiles.published(), profiles.published("Bello", place=TEMPELHOF)
    profiles.done(leo, "PATCH", PROFILE, {"bio": BIO, "prompts": PROMPTS})

    status, card = profiles.card(viewer, leo)

    assert status == 200
    assert [photo["status"] for photo in card.pop("photos")] == ["ready", "ready"]
    assert card == {
        "user_id": str(leo.id),
        "display_name": "Bello",
        "age": 4,
        "bio": BIO,
        "activity_level": "medium",
        "prompts": PROMPTS,
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


def test_a_malformed_id_is_a_422(profiles: Profiles, people: People) -> None:
    assert profiles.call(people.new(), "GET", "/api/profiles/rex")[0] == 422
    assert profiles.call(people.new(), "GET", f"/api/profiles/{uuid4()}")[0] == 404
