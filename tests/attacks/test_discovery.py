"""Discovery under attack: other users' lists, forged cursors, cached copies, deleted users."""

import base64
import json
from collections.abc import Callable

import httpx
import pytest

from tests.support.caches import caches
from tests.support.discovery import Town, ids
from tests.support.functions import Function
from tests.support.people import People
from tests.support.profiles import Profiles
from tests.support.redis import DirectCommands
from wingman.discovery.keys import key


@pytest.fixture
def town(function: Callable[..., Function], people: People) -> Town:
    return Town(Profiles(function("profile"), people), function("discovery"), 2)


def cursor(list_id: object, position: object) -> str:
    text = json.dumps([list_id, position])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_a_container_gives_no_list_to_another_user(town: Town) -> None:
    leo = town.others[0]
    _, page, _ = town.page(limit=1)

    shown, _, cache = town.page(viewer=leo)

    assert cache == "miss"
    assert sorted(shown) == ids([town.maya, town.others[1]])
    list_id, _ = json.loads(base64.urlsafe_b64decode(page["next_cursor"] + "=="))
    assert town.refused(viewer=leo, cursor=cursor(list_id, 0))[1]["code"] == "cursor_expired"


def test_a_container_gives_no_list_to_another_user_while_redis_is_down(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cached in caches():
        cached.cache_clear()
    monkeypatch.setenv("UPSTASH_REDIS_REST_URL", "http://127.0.0.1:9")
    town.page()

    shown, _, cache = town.page(viewer=town.others[0])

    assert (cache, sorted(shown)) == ("bypass", ids([town.maya, town.others[1]]))


@pytest.mark.parametrize(("list_id", "position"), [(7, 0), ("x", 0.5), (None, None), ("x", -1)])
def test_a_forged_cursor_is_malformed(town: Town, list_id: object, position: object) -> None:
    status, problem = town.refused(cursor=cursor(list_id, position))

    assert (status, problem["code"]) == (422, "invalid_request")


def test_a_position_beyond_the_list_shows_nothing(town: Town) -> None:
    _, page, _ = town.page(limit=1)
    list_id, _ = json.loads(base64.urlsafe_b64decode(page["next_cursor"] + "=="))

    shown, beyond, _ = town.page(cursor=cursor(list_id, 10**12))

    assert (shown, beyond["next_cursor"]) == ([], None)


def test_ids_of_strangers_show_only_users_who_may_be_liked(
    town: Town, stack: dict[str, str], people: People
) -> None:
    """A caller with the backend key can pass a list of its own."""
    hidden, leo = town.another(), town.others[0]
    town.profiles.done(hidden, "PATCH", "/api/profile", {"visible": False})
    far = town.profiles.published("Far")
    asked = [hidden, people.new(), far, town.maya, leo]
    headers = {
        "apikey": stack["SUPABASE_PUBLISHABLE_KEY"],
        "x-backend-key": stack["BACKEND_KEY"],
        **town.maya.authorization,
    }
    answer = httpx.post(
        f"{stack['SUPABASE_URL']}/rest/v1/rpc/discovery_page",
        headers=headers,
        json={
            "p_user_ids": [str(person.id) for person in asked],
            "p_stage": "preferred",
            "p_generation": _generation(town),
            "p_limit": 50,
            "p_first": False,
            "p_renewable": False,
        },
    )

    shown = [each["card"]["user_id"] for each in answer.json()["shown"]]
    assert shown == [str(leo.id)]


def _generation(town: Town) -> int:
    row = town.profiles.people.connection.execute(
        "select generation from private.discovery_generations where user_id = %s", (town.maya.id,)
    ).fetchone()
    assert row
    return int(row[0])


def test_a_deleted_user_leaves_no_list(
    town: Town, function: Callable[..., Function], stack: dict[str, str], people: People
) -> None:
    redis = DirectCommands(stack["REDIS_URL"])
    town.page()
    assert redis.run("EXISTS", key(town.maya.id)) == 1
    people.remove(town.maya)

    sweep = function("session_reminders")
    sweep.invoke(sweep.event("every_minute"), milliseconds=50_000)

    assert redis.run("EXISTS", key(town.maya.id)) == 0
