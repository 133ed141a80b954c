"""The cache without Redis, and the limit of waiting; integration tests cover the scripts."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from tests.support.clock import stop_time
from wingman.kit import clock
from wingman.kit.cache import cache as kit
from wingman.kit.cache.cache import Ages, Cache, Found, Source
from wingman.kit.clients.commands import Command, Commands, RedisError
from wingman.kit.clock import within
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.limits.limiter import Limiter

LEASED_TO_ANOTHER = [[], "", -1, "", ""]


class Number(BaseModel):
    value: int


class Answering(Commands):
    """A Redis that gives planned answers in order, and repeats the last one."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.names: list[str] = []

    def run(self, *command: object) -> Any:
        self.names.append(str(command[0]))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        return [self.run(*command) for command in commands]


def cache_on(commands: Commands, sleep: Callable[[float], None] = lambda _: None) -> Cache[Number]:
    return Cache(commands, Limiter(commands), Number, Ages(240, 300, 600), sleep)


def never() -> Number:
    raise AssertionError("this reader must not compute")


AWAY = DependencyUnavailable("redis")


@pytest.mark.parametrize("failure", [AWAY, RedisError("ERR out of memory")])
def test_a_value_is_computed_without_redis(failure: Exception) -> None:
    cache = cache_on(Answering(failure))
    _, found = cache.look_up("key", {})
    answer = cache.answer(found, lambda: Number(value=7))
    assert (answer.value.value, answer.source) == (7, Source.BYPASS)


@pytest.mark.parametrize("failure", [AWAY, RedisError("OOM")])
def test_a_value_that_cannot_be_stored_is_still_returned(failure: Exception) -> None:
    cache = cache_on(Answering([[], "token", -1, "", ""], failure))
    _, found = cache.look_up("key", {})
    assert cache.answer(found, lambda: Number(value=7)).source is Source.MISS


def test_a_waiting_reader_computes_when_redis_fails() -> None:
    cache = cache_on(Answering(LEASED_TO_ANOTHER, LEASED_TO_ANOTHER, AWAY))
    _, found = cache.look_up("key", {})
    assert cache.answer(found, lambda: Number(value=7)).source is Source.BYPASS


def test_a_waiting_reader_gets_the_value_that_appears() -> None:
    cache = cache_on(
        Answering(LEASED_TO_ANOTHER, LEASED_TO_ANOTHER, [[], "", 5, '{"value": 3}', "9"])
    )
    _, found = cache.look_up("key", {})
    answer = cache.answer(found, never)
    assert (answer.value.value, answer.source, answer.age) == (3, Source.HIT, 0.005)


def test_a_waiting_reader_takes_over_a_lease_that_ended() -> None:
    cache = cache_on(Answering(LEASED_TO_ANOTHER, [[], "token", -1, "", ""], 1))
    _, found = cache.look_up("key", {})
    assert cache.answer(found, lambda: Number(value=7)).source is Source.MISS


def test_waiting_ends_when_patience_does(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = stop_time(monkeypatch, kit, clock)
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        stopped.sleep(seconds)

    with pytest.raises(DependencyUnavailable):
        cache_on(Answering(LEASED_TO_ANOTHER), nap).answer(Found("key"), never)
    assert kit.PATIENCE_SECONDS - kit._MAX_PAUSE <= sum(naps) <= kit.PATIENCE_SECONDS
    assert 0 < max(naps) <= kit._MAX_PAUSE


def test_waiting_ends_before_the_invocation_does(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = stop_time(monkeypatch, kit, clock)
    began = stopped.now
    with within(0.1), pytest.raises(DependencyUnavailable):
        cache_on(Answering(LEASED_TO_ANOTHER), stopped.sleep).answer(Found("key"), never)
    assert stopped.now - began <= 0.1


def test_a_drop_is_tried_twice_and_raises_nothing() -> None:
    commands = Answering(AWAY)
    cache_on(commands).drop(["one", "two"])
    assert commands.names == ["DEL", "DEL"]


def test_a_drop_is_one_call_and_an_empty_drop_makes_none() -> None:
    commands = Answering(1)
    cache = cache_on(commands)
    cache.drop(["one"])
    cache.drop([])
    assert commands.names == ["DEL"]


def test_a_bug_in_the_computation_returns_the_lease() -> None:
    commands = Answering([[], "token", -1, "", ""], 1)
    cache = cache_on(commands)
    _, found = cache.look_up("key", {})
    with pytest.raises(AssertionError):
        cache.answer(found, never)
    assert commands.names == ["EVALSHA", "EVALSHA"]
