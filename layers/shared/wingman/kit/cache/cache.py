"""Values kept in Redis: computed once whatever the load, never older than the last change.

Whoever finds a value missing or due takes a lease on it, computes it and stores it. Meanwhile the
others get the old value, or wait where there is none. `drop` forgets value and lease in one step,
so a computation that began before a change cannot store what it read
(docs/decisions/008).
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Generic, TypeVar
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.lua import Script, read_lua
from wingman.kit.clock import time_left
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.limits.limiter import Limiter, Step
from wingman.kit.limits.policy import Policy, Verdict
from wingman.kit.observability import logger

# Longer than any database call (kit/clients/database.py), so that a lease outlives its computation.
LEASE_SECONDS = 6.0
PATIENCE_SECONDS = 7.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.2

M = TypeVar("M", bound=BaseModel)


class Source(StrEnum):
    """Where an answer came from; the header X-Cache says it."""

    HIT = "hit"
    MISS = "miss"
    STALE = "stale"
    BYPASS = "bypass"


@dataclass(frozen=True)
class Ages:
    """How old a value may get (seconds): renewed from `due`, stale from `fresh`, then gone.

    `lease` is longer than its computation takes; who waits for somebody else's waits a bit more.
    """

    due: float
    fresh: float
    gone: float
    lease: float = LEASE_SECONDS


@dataclass(frozen=True)
class Found(Generic[M]):
    """What the cache holds under `key`; with a `token` it is the reader's to compute."""

    key: str
    value: M | None = None
    age: float = 0.0
    token: str = ""
    away: bool = False


@dataclass(frozen=True)
class Answer(Generic[M]):
    """A value, where it came from and how many seconds ago it was stored."""

    value: M
    source: Source
    age: float = 0.0


class Cache(Generic[M]):
    """The values of one model."""

    def __init__(
        self,
        commands: Commands,
        limiter: Limiter,
        model: type[M],
        ages: Ages,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._commands = commands
        self._limiter = limiter
        self._model = model
        self._ages = ages
        self._sleep = sleep

    def look_up(
        self, key: str, policies: Mapping[str, Policy], steps: Sequence[Step] = ()
    ) -> tuple[Sequence[Verdict], Found[M]]:
        """Charge the limits of a request (bucket → policy) and read an entry, in one call.

        `steps` are taken between the two.
        """
        ages = self._ages
        arguments = [_ms(ages.due), _ms(ages.gone), _ms(ages.lease), str(uuid4())]
        read = Step(read_lua(__file__, "cache"), [key], arguments)
        taken = self._limiter.ask(policies, steps=[*steps, read])
        if taken.after is None:
            return taken.verdicts, Found(key, away=True)
        token, age, value = taken.after
        try:
            held = self._model.model_validate_json(value) if value else None
        except ValidationError:  # of an older version
            self.drop([key])
            return taken.verdicts, Found(key, away=True)
        return taken.verdicts, Found(key, held, int(age) / 1000, token)

    def answer(self, found: Found[M], compute: Callable[[], M]) -> Answer[M]:
        """Return what was found, or compute it if that falls to this reader.

        Raises what `compute` raises, unless an old value can stand in for a dependency that is
        away; DependencyUnavailable if somebody else computes for longer than anyone waits.
        """
        found = self._waited_for(found)
        if found.away:
            return Answer(compute(), Source.BYPASS)
        if found.token:
            return self._compute(found, compute)
        return self._held(found)

    def drop(self, keys: Sequence[str]) -> None:
        """Forget values, because what they were computed from has changed.

        If Redis does not hear of it, a value lives on until its age ends it; that is logged.
        """
        for _ in range(2):  # to forget twice does no harm
            try:
                if keys:
                    self._commands.run("DEL", *keys)
            except (DependencyUnavailable, RedisError) as error:
                logger().error("cache.not_dropped", extra={"keys": len(keys)}, exc_info=error)
            else:
                return

    def _waited_for(self, found: Found[M]) -> Found[M]:
        """Wait while there is no value and somebody else computes it."""
        patience = PATIENCE_SECONDS + self._ages.lease - LEASE_SECONDS
        gives_up = time.monotonic() + min(patience, time_left())
        pause = _FIRST_PAUSE
        while found.value is None and not found.token and not found.away:
            if time.monotonic() + pause > gives_up:
                raise DependencyUnavailable("cache")
            self._sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            _, found = self.look_up(found.key, {})
        return found

    def _compute(self, found: Found[M], compute: Callable[[], M]) -> Answer[M]:
        try:
            value = compute()
        except DependencyUnavailable:
            if found.value is None:
                self._settle(found, "")
                raise
            # The lease stays until it ends: nobody asks a database that is away meanwhile.
            return self._held(found)
        except Exception:
            self._settle(found, "")
            raise
        self._settle(found, value.model_dump_json())
        return Answer(value, Source.MISS)

    def _held(self, found: Found[M]) -> Answer[M]:
        assert found.value is not None  # noqa: S101 - without one somebody waits or computes
        source = Source.HIT if found.age < self._ages.fresh else Source.STALE
        return Answer(found.value, source, found.age)

    def _settle(self, found: Found[M], value: str) -> None:
        """Store a value under its lease, or give the lease back; the answer stands either way."""
        try:
            arguments = [found.token, value, _ms(self._ages.gone)]
            if not _store().run(self._commands, [found.key], arguments):
                logger().info("cache.fenced")
        except (DependencyUnavailable, RedisError) as error:
            logger().warning("cache.not_stored", exc_info=error)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


@cache
def _store() -> Script:
    return Script(read_lua(__file__, "store"))
