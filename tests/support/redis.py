"""Redis clients for tests: one that counts calls, a direct one, one with a movable clock."""

import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import redis

from wingman.kit.clients.commands import Command, Commands, RedisError
from wingman.kit.limits import limiter as ratelimit


class Counted(Commands):
    """Records each round trip to Redis by the names of its commands."""

    def __init__(self, inner: Commands) -> None:
        self._inner = inner
        self.names: list[str] = []

    def run(self, *command: object) -> Any:
        self.names.append(str(command[0]))
        return self._inner.run(*command)

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        self.names.append("+".join(str(command[0]) for command in commands))
        return self._inner.pipeline(commands)


class DirectCommands(Commands):
    """Redis through its own protocol instead of the REST API; safe to share between threads."""

    def __init__(self, url: str) -> None:
        pool = redis.ConnectionPool.from_url(url, max_connections=1000, decode_responses=True)
        self._client = redis.Redis(connection_pool=pool)

    def run(self, *command: object) -> Any:
        name, *arguments = command
        try:
            return self._client.execute_command(str(name), *arguments)  # type: ignore[no-untyped-call]
        except redis.exceptions.NoScriptError as error:
            raise RedisError(f"NOSCRIPT {error}") from error
        except redis.exceptions.ResponseError as error:
            raise RedisError(str(error)) from error

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        return [self.run(*command) for command in commands]


class ClockedCommands(Commands):
    """Runs scripts with a clock that the test sets, in seconds."""

    def __init__(self, commands: Commands, key: str) -> None:
        self._commands = commands
        self._key = key
        self.now = 0.0
        self.advance(1_800_000_000)

    def advance(self, seconds: float) -> None:
        self.now += seconds
        whole = int(self.now)
        micros = int((self.now - whole) * 1_000_000)
        self._commands.run("HSET", self._key, "seconds", whole, "micros", micros)

    def run(self, *command: object) -> Any:
        if command[0] == "EVALSHA":
            raise RedisError("NOSCRIPT makes the client send the script's text")
        if command[0] == "EVAL":
            clock = f"redis.call('HMGET', '{self._key}', 'seconds', 'micros')"
            source = str(command[1]).replace("redis.call('TIME')", clock)
            command = ("EVAL", source, *command[2:])
        return self._commands.run(*command)

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        return [self.run(*command) for command in commands]


def clock_ahead(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    moved = SimpleNamespace(monotonic=lambda: time.monotonic() + seconds)
    monkeypatch.setattr(ratelimit, "time", moved)


_CLOCK = "test:clock"
_MOVED = (
    f"(function() local t = redis.call('GET', '{_CLOCK}')"
    " return { math.floor(t / 1000000), t % 1000000 } end)()"
)
MOVED_CLOCK = ("redis.call('TIME')", _MOVED)
"""A text replacement that makes a script read the time from a key."""


def clock_at(microseconds: int) -> Command:
    """Return the command that sets the time of scripts with MOVED_CLOCK."""
    return ["SET", _CLOCK, microseconds]
