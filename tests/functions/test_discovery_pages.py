"""Pages of discovery while lists and containers change, and while Redis is down."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.caches import caches
from tests.support.discovery import Town, ids
from tests.support.functions import Function
from tests.support.people import People
from tests.support.profiles import Profiles
from tests.support.redis import DirectCommands
from wingman.discovery import lists
from wingman.discovery.models import ListCache
from wingman.kit.clients.lua import Script

Load = Callable[..., Function]
Enter = Callable[[str], None]
MakeTown = Callable[[int], Town]


@pytest.fixture
def town(function: Load, people: People) -> MakeTown:
    profiles = Profiles(function("profile"), people)
    app = function("discovery")
    return lambda dogs: Town(profiles, app, dogs)


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Continue in the named container, with the lists that it keeps."""
    kept: dict[str, ListCache] = {}
    made = lists.cache.__wrapped__

    def enter(name: str) -> None:
        kept.setdefault(name, made())
        monkeypatch.setattr(lists, "cache", lambda: kept[name])

    return enter


@pytest.fixture
def redis(stack: dict[str, str]) -> DirectCommands:
    return DirectCommands(stack["REDIS_URL"])


def key_of(town: Town) -> str:
    return f"discovery:user:{town.maya.id}"


def test_a_container_reads_a_list_that_it_keeps_only_once(
    town: MakeTown, container: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    berlin = town(3)
    container("one")
    berlin.page()
    read: list[str] = []
    run = Script.run

    def listening(self: Script, *args: Any) -> Any:
        reply = run(self, *args)
        read.append(str(reply))
        return reply

    monkeypatch.setattr(Script, "run", listening)
    for name in ("one", "two", "two"):
        container(name)
        assert berlin.page()[2] == "hit"

    assert [str(berlin.others[0].id) in reply for reply in read] == [False, True, False]


@pytest.mark.parametrize("table", ["likes", "passes"])
def test_a_swipe_is_seen_by_the_next_page_of_every_container(
    town: MakeTown, container: Enter, table: str
) -> None:
    berlin = town(4)
    for name in ("one", "two"):
        container(name)
        berlin.page(limit=2)

    berlin.swipe(berlin.others[0], table)

    for name in ("two", "one"):
        container(name)
        assert sorted(berlin.page()[0]) == ids(berlin.others[1:])


def test_a_block_is_seen_by_the_next_page_of_both(town: MakeTown) -> None:
    berlin = town(3)
    leo = berlin.others[0]
    for viewer in (berlin.maya, leo):
        berlin.page(viewer=viewer)

    berlin.profiles.people.connection.execute(
        "insert into private.blocks (user_id, blocked_id) values (%s, %s)",
        (berlin.maya.id, leo.id),
    )

    assert str(leo.id) not in berlin.page(limit=3)[0]
    assert str(berlin.maya.id) not in berlin.page(viewer=leo, limit=3)[0]


def test_preferences_are_seen_by_the_next_page_of_every_container(
    town: MakeTown, container: Enter
) -> None:
    berlin = town(2)
    for name in ("one", "two"):
        container(name)
        berlin.page()

    berlin.prefer(min_age=5)

    for name in ("two", "one"):
        container(name)
        shown, page, _ = berlin.page()
        assert page["stage"] != "preferred" or shown == []
    berlin.prefer(min_age=0)
    for name in ("two", "one"):
        container(name)
        assert sorted(berlin.page()[0]) == ids(berlin.others)


def test_pages_show_each_user_once_while_everyone_is_swiped(
    town: MakeTown, container: Enter
) -> None:
    berlin = town(11)
    container("one")
    shown, page, _ = berlin.page(limit=3)
    seen = list(shown)

    for turn in range(3):
        for user_id in shown:
            [person] = [one for one in berlin.others if str(one.id) == user_id]
            berlin.swipe(person, "likes" if turn % 2 else "passes")
        container("two")
        berlin.page(limit=2)
        container("one" if turn % 2 else "two")
        shown, page, _ = berlin.page(limit=3, cursor=page["next_cursor"])
        seen += shown

    assert sorted(seen) == ids(berlin.others)
    assert page["next_cursor"] is None


def test_pages_show_each_user_once_while_the_list_is_renewed(
    town: MakeTown, redis: DirectCommands
) -> None:
    berlin = town(5)
    shown, page, _ = berlin.page(limit=3)
    redis.run("HINCRBY", key_of(berlin), "stored_at", -850_000)
    berlin.another()
    assert berlin.page(limit=50)[2] == "miss"

    more, last, _ = berlin.page(limit=3, cursor=page["next_cursor"])

    assert sorted(shown + more) == ids(berlin.others[:5])
    assert last["next_cursor"] is None


def test_a_cursor_expires_when_preferences_change(town: MakeTown) -> None:
    berlin = town(3)
    _, page, _ = berlin.page(limit=1)
    berlin.prefer(max_age=19)

    status, problem = berlin.refused(limit=1, cursor=page["next_cursor"])

    assert (status, problem["code"]) == (422, "cursor_expired")


def test_a_cursor_expires_with_its_list(town: MakeTown, redis: DirectCommands) -> None:
    berlin = town(3)
    _, page, _ = berlin.page(limit=1)
    redis.run("DEL", key_of(berlin))

    status, problem = berlin.refused(limit=1, cursor=page["next_cursor"])

    assert (status, problem["code"]) == (422, "cursor_expired")
    assert berlin.page()[2] == "miss", "the lease was returned"


def test_without_redis_the_database_answers(
    town: MakeTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    berlin = town(4)
    for cached in caches():
        cached.cache_clear()
    monkeypatch.setenv("UPSTASH_REDIS_REST_URL", "http://127.0.0.1:9")

    shown, page, cache = berlin.page(limit=3)
    more, _, after = berlin.page(limit=3, cursor=page["next_cursor"])

    assert (cache, after) == ("bypass", "hit")
    assert sorted(shown + more) == ids(berlin.others)
    berlin.swipe(berlin.others[0])
    assert sorted(berlin.page()[0]) == ids(berlin.others[1:])
    berlin.prefer(max_age=19)
    assert berlin.page()[2] == "bypass"


def test_an_old_list_is_shown_while_another_request_makes_the_new_one(
    town: MakeTown, redis: DirectCommands
) -> None:
    berlin = town(2)
    berlin.page(limit=1)
    redis.run("HINCRBY", key_of(berlin), "stored_at", -901_000)
    redis.run("HSET", key_of(berlin), "lease", "another's", "leased_until", 10**15)

    assert berlin.page(limit=1)[2] == "stale"
