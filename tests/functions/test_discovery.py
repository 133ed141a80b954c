import json
import time
from collections.abc import Callable

import pytest

from tests.support.discovery import Town, ids
from tests.support.functions import Function
from tests.support.people import People
from tests.support.profiles import Profiles
from tests.support.redis import DirectCommands

Load = Callable[..., Function]
MakeTown = Callable[[int], Town]
HIT = ["POST /", "POST /rest/v1/rpc/discovery_page"]


@pytest.fixture
def town(function: Load, people: People) -> MakeTown:
    profiles = Profiles(function("profile"), people)
    app = function("discovery")
    return lambda dogs: Town(profiles, app, dogs)


@pytest.fixture
def redis(stack: dict[str, str]) -> DirectCommands:
    return DirectCommands(stack["REDIS_URL"])


def test_a_page_shows_cards_with_scores_and_reasons(town: MakeTown) -> None:
    berlin = town(2)

    shown, page, cache = berlin.page()

    assert (sorted(shown), cache) == (ids(berlin.others), "miss")
    assert page["next_cursor"] is None
    assert page["stage"] in {"preferred", "wider", "anywhere"}
    profile = page["profiles"][0]
    assert 0 <= profile.pop("score") <= 1
    assert profile.pop("reasons")
    [card] = [
        card
        for other in berlin.others
        if (card := berlin.profiles.card(berlin.maya, other)[1])["user_id"] == shown[0]
    ]
    assert profile == card


def test_the_radius_is_in_the_viewers_unit(town: MakeTown) -> None:
    berlin = town(1)
    berlin.prefer(max_distance=30, distance_unit="kilometers")

    _, page, _ = berlin.page()

    if page["stage"] == "preferred":
        assert page["radius"] == {"value": 30, "unit": "kilometers"}
    assert page["radius"] is None or page["radius"]["unit"] == "kilometers"


def test_an_answer_forbids_caching(town: MakeTown) -> None:
    headers = {name.lower(): value for name, value in town(0).answer()["headers"].items()}

    assert headers["cache-control"] == "private, no-store"
    assert "etag" not in headers


def test_a_hit_is_two_calls_and_a_miss_is_three(town: MakeTown, calls: list[str]) -> None:
    berlin = town(2)
    berlin.page(viewer=berlin.others[0])
    calls.clear()
    assert berlin.page(limit=1)[2] == "miss"
    assert calls == ["POST /", "POST /rest/v1/rpc/discover", "POST /"]
    calls.clear()

    shown, page, cache = berlin.page(limit=1)

    assert (cache, calls) == ("hit", HIT)
    calls.clear()
    more, _, cache = berlin.page(limit=1, cursor=page["next_cursor"])
    assert (cache, calls) == ("hit", HIT)
    assert sorted(shown + more) == ids(berlin.others)


def test_a_page_of_an_outdated_list_is_three_calls(town: MakeTown, calls: list[str]) -> None:
    berlin = town(2)
    berlin.page()
    berlin.prefer(max_age=19)
    calls.clear()

    assert berlin.page()[2] == "miss"

    assert calls == [*HIT, "POST /"]


@pytest.mark.parametrize("cursor", ["nope", "WyJhIiwtMV0", "e30", "%00"])
def test_a_malformed_cursor_is_a_422(town: MakeTown, cursor: str) -> None:
    status, problem = town(0).refused(cursor=cursor)

    assert (status, problem["code"]) == (422, "invalid_request")
    assert problem["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize("limit", ["0", "51", "x"])
def test_a_page_has_1_to_50_profiles(town: MakeTown, limit: str) -> None:
    status, problem = town(0).refused(limit=limit)

    assert (status, problem["errors"][0]["field"]) == (422, "limit")


def test_a_cursor_of_another_user_counts_as_expired(town: MakeTown) -> None:
    berlin = town(3)
    _, page, _ = berlin.page(limit=1)

    answer = berlin.answer(viewer=berlin.others[0], cursor=page["next_cursor"])

    assert json.loads(answer["body"])["code"] == "cursor_expired"


def test_a_user_who_cannot_be_seen_sees_no_one(town: MakeTown, people: People) -> None:
    berlin = town(1)
    stranger = people.new()

    problem = json.loads(berlin.answer(viewer=stranger)["body"])

    assert (problem["status"], problem["code"]) == (409, "profile_incomplete")
    assert problem["missing"] == ["display_name", "age", "photos", "location"]
    berlin.profiles.done(berlin.maya, "PATCH", "/api/profile", {"visible": False})
    assert berlin.refused()[1]["missing"] == ["visible"]


def test_pages_have_a_limit_of_their_own(town: MakeTown, redis: DirectCommands) -> None:
    berlin = town(0)
    full_in_an_hour = int((time.time() + 3600) * 1_000_000)
    redis.run("SET", f"ratelimit:discovery:{berlin.maya.id}", full_in_an_hour)

    assert berlin.refused()[0] == 429


def test_a_request_without_a_token_is_refused(town: MakeTown) -> None:
    berlin = town(0)
    event = berlin.app.event("first")
    del event["headers"]["authorization"]

    assert berlin.app.invoke(event)["statusCode"] == 401
