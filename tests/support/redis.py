"""Redis as the layer sees it: watched, reached straight, or with a clock that a test moves."""

import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import redis

from wingman.kit.clients.commands import Command, Commands, RedisError
from wingman.kit.limits import limiter as ratelimit


class Counted(Commands):
    """Counts the round trips to Redis: each by the names of its commands."""

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
    """Real Redis over its own protocol, without the HTTP front; threads share its connections."""

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
    """Runs scripts at the moment that the test says, in seconds."""

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
            raise RedisError("NOSCRIPT so that the text comes along")
        if command[0] == "EVAL":
            told = f"redis.call('HMGET', '{self._key}', 'seconds', 'micros')"
            source = str(command[1]).replace("redis.call('TIME')", told)
            command = ("EVAL", source, *command[2:])
        return self._commands.run(*command)

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        return [self.run(*command) for command in commands]


def clock_ahead(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the limiter's container be some seconds further than it is."""
    moved = SimpleNamespace(monotonic=lambda: time.monotonic() + seconds)
    monkeypatch.setattr(ratelimit, "time", moved)


_CLOCK = "test:clock"
_MOVED = (
    f"(function() local t = redis.call('GET', '{_CLOCK}')"
    " return { math.floor(t / 1000000), t % 1000000 } end)()"
)
MOVED_CLOCK = ("redis.call('TIME')", _MOVED)
"""What to replace in a script, and by what, so that it reads the time from a key."""


def clock_at(microseconds: int) -> Command:
    """Return the command that sets the time of scripts with a MOVED_CLOCK."""
    return ["SET", _CLOCK, microseconds]
