"""A thousand requests of one user at once, in two containers: one of them makes the list."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.integration.database import Person, call, look
from tests.integration.discovering import others, published
from tests.integration.own_database import own_database
from tests.support.redis import DirectCommands
from wingman.discovery import keys, lists, service
from wingman.discovery.models import DiscoveryAnswer, Lists, Wanted
from wingman.kit.cache.cache import Cache, Source
from wingman.kit.cache.memory import Memory
from wingman.kit.clients.database import Database
from wingman.kit.limits.limiter import Limiter

_CONNECTIONS = 10
# A list that is not stored after this time is made once more (supabase/schemas/768).
_STORED_SECONDS = 5


class Pooled(Database):
    """Acts as one user on a few connections, and counts the lists that were made."""

    def __init__(self, url: str, person: Person) -> None:
        self._url, self._person = url, person
        self._pool = threading.BoundedSemaphore(_CONNECTIONS)
        self.made = 0

    def rpc(self, function: str, params: Mapping[str, Any], *, idempotent: bool = False) -> Any:
        given = {
            name: [UUID(each) for each in value] if isinstance(value, list) else value
            for name, value in params.items()
        }
        with self._pool:
            answer = call(self._url, self._person, function, **given)
        self.made += answer["list"] is not None
        return answer


class Container:
    def __init__(self, redis: DirectCommands, database: Pooled, user_id: UUID) -> None:
        # Here a computation waits for a connection, behind hundreds of other requests.
        ages = replace(lists.AGES, lease=60)
        memory = Memory(10, 10**6, ages.gone)
        self._cache = Cache(redis, Limiter(redis), Lists, ages, memory=memory)
        self._database, self._key = database, keys.key(user_id)

    def page(self) -> DiscoveryAnswer:
        _, found = self._cache.look_up(self._key, {})
        return service.get(self._database, self._cache, found, Wanted(limit=1))


@pytest.fixture(scope="module")
def own(database_url: str) -> Iterator[str]:
    with own_database(database_url) as url:
        yield url


@pytest.fixture
def maya(own: str) -> Person:
    look(own, "delete from auth.users")
    maya = published(own)
    others(own, 3)
    return maya


@pytest.fixture
def database(own: str, maya: Person) -> Pooled:
    return Pooled(own, maya)


@pytest.fixture
def containers(stack: dict[str, str], database: Pooled, maya: Person) -> list[Container]:
    assert maya.user_id
    redis = DirectCommands(stack["REDIS_URL"])
    return [Container(redis, database, maya.user_id) for _ in range(2)]


def at_once(containers: list[Container], requests: int) -> Counter[Source]:
    barrier = threading.Barrier(requests)

    def ask(number: int) -> Source:
        barrier.wait(timeout=60)
        answer = containers[number % 2].page()
        assert len(answer.value.profiles) == 1
        return answer.source

    with ThreadPoolExecutor(requests) as pool:
        return Counter(pool.map(ask, range(requests)))


def test_one_of_many_requests_makes_the_first_list(
    containers: list[Container], database: Pooled
) -> None:
    assert at_once(containers, 200) == {Source.MISS: 1, Source.HIT: 199}
    assert database.made == 1


def test_one_of_a_thousand_requests_makes_the_list_of_new_preferences(
    own: str, maya: Person, containers: list[Container], database: Pooled
) -> None:
    for container in containers:
        container.page()
    call(own, maya, "change_profile_preferences", p_changes='{"max_age": 19}')

    before, began = database.made, time.monotonic()

    sources = at_once(containers, 1000)

    # The last of a thousand on ten connections may come later on a slow machine.
    periods = 1 + int((time.monotonic() - began) / _STORED_SECONDS)
    assert 1 <= database.made - before <= periods
    assert sources[Source.MISS] == database.made - before
    assert sources[Source.MISS] + sources[Source.STALE] + sources[Source.HIT] == 1000
    assert containers[0].page().source is Source.HIT
    assert containers[1].page().source is Source.HIT
