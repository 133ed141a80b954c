"""Cached values that containers keep copies of, and values stored with a version."""

from uuid import uuid4

import pytest
from pydantic import BaseModel

from tests.support.redis import ClockedCommands, DirectCommands
from wingman.kit.cache.cache import Ages, Cache, Found
from wingman.kit.cache.memory import Memory
from wingman.kit.clients.commands import Commands
from wingman.kit.limits.limiter import Limiter

AGES = Ages(240, 300, 600)


class Number(BaseModel):
    value: int


class Recorded(DirectCommands):
    """Remembers the last reply."""

    reply: object = None

    def run(self, *command: object) -> object:
        self.reply = super().run(*command)
        return self.reply


@pytest.fixture
def commands(stack: dict[str, str]) -> Recorded:
    return Recorded(stack["REDIS_URL"])


@pytest.fixture
def key() -> str:
    return f"test:copies:{uuid4()}"


def container(commands: Commands) -> Cache[Number]:
    return Cache(commands, Limiter(commands), Number, AGES, memory=Memory(9, 999, AGES.gone))


def found(cache: Cache[Number], key: str) -> Found[Number]:
    return cache.look_up(key, {})[1]


def test_a_copy_is_used_only_while_redis_has_the_same_value(
    commands: Recorded, stack: dict[str, str], key: str
) -> None:
    clock = ClockedCommands(commands, f"clock:{uuid4()}")
    here, there = container(clock), container(clock)
    here.put(key, Number(value=1), 1)
    assert found(here, key).value == Number(value=1)
    assert "value" not in str(commands.reply), "Redis does not send what the container keeps"

    clock.advance(1)
    there.put(key, Number(value=2), 2)

    assert found(here, key).value == Number(value=2)
    there.drop([key])
    assert found(here, key).value is None


def test_an_older_version_replaces_no_newer_one(commands: Recorded, key: str) -> None:
    clock = ClockedCommands(commands, f"clock:{uuid4()}")
    here, there = container(clock), container(clock)
    here.put(key, Number(value=2), 2)

    there.put(key, Number(value=1), 1)

    assert found(there, key).value == Number(value=2)
    clock.advance(1)
    there.put(key, Number(value=3), 2)
    assert found(here, key).value == Number(value=3)


def test_a_value_that_is_put_ends_the_lease_of_a_reader(commands: Recorded, key: str) -> None:
    here, there = container(commands), container(commands)
    lease = found(here, key)
    assert lease.token

    there.put(key, Number(value=2), 1)

    assert found(there, key).token == ""
    assert here.answer(lease, lambda: Number(value=1)).value == Number(value=1)
    assert found(there, key).value == Number(value=2), "its lease was over"


def test_a_reader_that_does_not_compute_returns_its_lease(commands: Recorded, key: str) -> None:
    here = container(commands)
    here.release(found(here, key))

    assert found(here, key).token
