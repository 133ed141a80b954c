"""A container's cached copies are limited in number, size and age."""

import pytest

from wingman.kit.cache import memory as module
from wingman.kit.cache.memory import Memory


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def held(memory: Memory, *keys: str) -> list[str]:
    return [key for key in keys if memory.get(key)]


def test_the_least_recently_used_copy_goes_first(clock: Clock) -> None:
    memory = Memory(2, 100, 60)
    for key in "ab":
        memory.keep(key, key, "1")
    memory.get("a")

    memory.keep("c", "c", "1")

    assert held(memory, *"abc") == ["a", "c"]


def test_copies_never_exceed_their_size(clock: Clock) -> None:
    memory = Memory(10, 100, 60)
    for key in "abc":
        memory.keep(key, key * 40, "1")
        assert memory.size <= 100

    assert held(memory, *"abc") == ["b", "c"]
    memory.keep("b", "b" * 100, "2")
    assert (held(memory, *"abc"), memory.size) == (["b"], 100)
    memory.keep("d", "d" * 101, "1")
    assert (held(memory, *"abcd"), memory.size) == ([], 0)


def test_an_old_copy_is_forgotten_without_being_asked_for(clock: Clock) -> None:
    memory = Memory(10, 100, 60)
    memory.keep("a", "a", "1", age=30)
    memory.keep("b", "b", "1")
    clock.now += 30

    assert held(memory, "b") == ["b"]

    assert (len(memory), memory.size) == (1, 1)
