"""The cache against real Redis, with a database that is slow, wrong or down when a test says so."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.redis import ClockedCommands, Counted, DirectCommands
from wingman.kit.cache.cache import LEASE_SECONDS, Ages, Cache, Source
from wingman.kit.clients.commands import Commands
from wingman.kit.clients.database import Database, DatabaseError
from wingman.kit.errors import DependencyUnavailable, NotFound
from wingman.kit.limits.limiter import Limiter
from wingman.kit.limits.policy import Policy
from wingman.reputation import service
from wingman.reputation.models import ReputationAnswer, SharedReputation

ONE = Policy("one", 1, 3600.0, "user")


class SlowDatabase(Database):
    """Counts how often it is asked; answers after a while, with a given number of sessions."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.completed = 0
        self.asked = 0
        self.error: Exception | None = None
        self.while_answering: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        with self._lock:
            self.asked += 1
        answer = {"completed_sessions": self.completed, "no_shows": 0, "kept_from": []}
        time.sleep(self.seconds)
        self.while_answering()
        if self.error:
            raise self.error
        return answer


class Container:
    """One Lambda container: its own limiter and cache, the same Redis and database."""

    def __init__(self, commands: Commands, database: Database, user_id: UUID) -> None:
        self.cache = Cache(commands, Limiter(commands), SharedReputation, service.AGES)
        self.key = service.key(user_id)
        self._database = database
        self._user_id = user_id

    def read(self, policies: Mapping[str, Policy] | None = None) -> ReputationAnswer:
        _, found = self.cache.look_up(self.key, policies or {})
        return service.get(self._database, self.cache, found, self._user_id, reader_id=uuid4())

    def change(self) -> None:
        service.forget(self.cache, [self._user_id])


@pytest.fixture
def commands(stack: dict[str, str]) -> DirectCommands:
    return DirectCommands(stack["REDIS_URL"])


@pytest.fixture
def clock(commands: DirectCommands) -> Iterator[ClockedCommands]:
    key = f"clock:{uuid4()}"
    yield ClockedCommands(commands, key)
    commands.run("DEL", key)


@pytest.fixture
def database() -> SlowDatabase:
    return SlowDatabase()


@pytest.fixture
def user_id() -> UUID:
    return uuid4()


@pytest.fixture
def containers(
    clock: ClockedCommands, database: SlowDatabase, user_id: UUID
) -> Callable[[], Container]:
    return lambda: Container(clock, database, user_id)


def test_five_hundred_at_once_on_a_cold_key_count_once(
    commands: DirectCommands, database: SlowDatabase, user_id: UUID
) -> None:
    database.seconds, database.completed = 0.3, 7
    container, barrier = Container(commands, database, user_id), threading.Barrier(500)

    def read(_: int) -> ReputationAnswer:
        barrier.wait()
        return container.read()

    with ThreadPoolExecutor(500) as pool:
        answers = list(pool.map(read, range(500)))
    assert database.asked == 1
    assert {answer.value.score for answer in answers} == {7}
    assert sorted(answer.source for answer in answers) == [Source.HIT] * 499 + [Source.MISS]


def test_the_second_reader_asks_redis_once_and_no_database(
    commands: DirectCommands, database: SlowDatabase, user_id: UUID
) -> None:
    counted, bucket = Counted(commands), {ONE.key(str(uuid4())): ONE}
    container = Container(counted, database, user_id)
    first = container.read()
    counted.names.clear()
    second = container.read(bucket)
    assert (first.source, second.source) == (Source.MISS, Source.HIT)
    assert second.value == first.value
    assert (counted.names, database.asked) == (["EVALSHA"], 1)


def test_no_reader_waits_while_an_old_value_is_there(
    containers: Callable[[], Container], clock: ClockedCommands, database: SlowDatabase
) -> None:
    containers().read()
    clock.advance(400)
    others: list[ReputationAnswer] = []
    database.while_answering = lambda: others.append(containers().read())
    database.completed = 1
    renewed = containers().read()
    assert (renewed.source, renewed.value.score) == (Source.MISS, 1)
    assert [(answer.source, answer.value.score) for answer in others] == [(Source.STALE, 0)]
    assert database.asked == 2


def test_a_value_is_renewed_before_it_gets_old_by_one_reader(
    containers: Callable[[], Container], clock: ClockedCommands, database: SlowDatabase
) -> None:
    containers().read()
    clock.advance(239)
    assert containers().read().source is Source.HIT
    clock.advance(2)
    others: list[ReputationAnswer] = []
    database.while_answering = lambda: others.append(containers().read())
    assert containers().read().source is Source.MISS
    assert [answer.source for answer in others] == [Source.HIT]
    clock.advance(200)
    assert containers().read().source is Source.HIT
    assert database.asked == 2


def test_after_ten_minutes_nothing_is_left(
    containers: Callable[[], Container], clock: ClockedCommands, database: SlowDatabase
) -> None:
    containers().read()
    clock.advance(600)
    database.error = DependencyUnavailable("supabase")
    with pytest.raises(DependencyUnavailable):
        containers().read()


def test_a_change_shows_in_the_next_read_of_any_container(
    containers: Callable[[], Container], database: SlowDatabase
) -> None:
    here, there = containers(), containers()
    here.read()
    database.completed = 1
    there.change()
    assert here.read().value.score == 1
    assert there.read().value.score == 1


def test_a_count_from_before_a_change_cannot_be_stored(
    containers: Callable[[], Container], database: SlowDatabase
) -> None:
    """The slow reader reads 0; the change is made and announced; then the reader stores."""

    def change() -> None:
        database.while_answering = lambda: None
        database.completed = 1
        containers().change()

    database.while_answering = change
    assert containers().read().value.score == 0
    assert containers().read().value.score == 1
    assert containers().read().source is Source.HIT


def test_a_count_from_before_a_change_cannot_replace_a_newer_lease(
    containers: Callable[[], Container], database: SlowDatabase
) -> None:
    newer: list[ReputationAnswer] = []

    def change() -> None:
        database.while_answering = lambda: None
        database.completed = 1
        containers().change()
        newer.append(containers().read())

    database.while_answering = change
    assert containers().read().value.score == 0
    assert [answer.value.score for answer in newer] == [1]
    assert containers().read().value.score == 1


def test_a_lease_whose_holder_died_passes_on(
    containers: Callable[[], Container], clock: ClockedCommands, database: SlowDatabase
) -> None:
    killed = containers()
    killed.cache.look_up(killed.key, {})
    survivor = containers()
    _, found = survivor.cache.look_up(survivor.key, {})
    assert found.token == ""
    clock.advance(LEASE_SECONDS + 0.001)
    _, found = survivor.cache.look_up(survivor.key, {})
    assert found.token != ""


def test_an_old_value_stands_in_for_a_database_that_is_down(
    containers: Callable[[], Container], clock: ClockedCommands, database: SlowDatabase
) -> None:
    containers().read()
    clock.advance(400)
    database.error = DependencyUnavailable("supabase")
    assert [containers().read().source for _ in range(5)] == [Source.STALE] * 5
    assert database.asked == 2, "a database that is down gets no calls for the time of a lease"


@pytest.mark.parametrize(
    "error", [DependencyUnavailable("supabase"), DatabaseError("WR001", "not_found", None)]
)
def test_a_failed_count_does_not_block_the_next_one(
    containers: Callable[[], Container], database: SlowDatabase, error: Exception
) -> None:
    database.error = error
    with pytest.raises((DependencyUnavailable, NotFound)):
        containers().read()
    next_one = containers()
    _, found = next_one.cache.look_up(next_one.key, {})
    assert found.token != ""


def test_a_refused_request_reads_nothing_and_takes_no_lease(
    containers: Callable[[], Container],
) -> None:
    container, bucket = containers(), {ONE.key(str(uuid4())): ONE}
    container.cache.look_up("cache-test:other", bucket)
    verdicts, found = container.cache.look_up(container.key, bucket)
    assert not verdicts[0].allowed
    assert (found.value, found.token) == (None, "")
    assert containers().read().source is Source.MISS


@pytest.mark.parametrize("foreign", ["not a reputation", '{"score": "many"}'])
def test_an_invalid_cached_reputation_is_counted_again(
    containers: Callable[[], Container], commands: DirectCommands, foreign: str
) -> None:
    container = containers()
    container.read()
    commands.run("HSET", container.key, "value", foreign)
    assert container.read().source is Source.BYPASS
    assert container.read().source is Source.MISS
    assert container.read().source is Source.HIT


def test_another_kind_of_value_under_the_name_is_replaced(
    containers: Callable[[], Container], commands: DirectCommands
) -> None:
    container = containers()
    commands.run("SET", container.key, "a string")
    assert container.read().source is Source.MISS
    assert container.read().source is Source.HIT


def test_nothing_stays_in_redis_for_longer_than_it_is_useful(
    commands: DirectCommands, database: SlowDatabase, user_id: UUID
) -> None:
    container = Container(commands, database, user_id)
    container.cache.look_up(container.key, {})
    assert 0 < commands.run("PTTL", container.key) <= LEASE_SECONDS * 1000
    container.change()
    container.read()
    assert 590_000 < commands.run("PTTL", container.key) <= 600_000
    container.change()
    assert commands.run("EXISTS", container.key) == 0


def test_a_lease_is_as_long_as_its_computation_may_take(
    commands: DirectCommands, user_id: UUID
) -> None:
    ages, key = Ages(60, 60, 60, lease=30), f"test:lease:{user_id}"
    Cache(commands, Limiter(commands), SharedReputation, ages).look_up(key, {})
    assert 29_000 < commands.run("PTTL", key) <= 30_000
