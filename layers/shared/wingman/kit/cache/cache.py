"""Values in Redis, computed once under any load (docs/decisions/008).

A reader that finds no value, or an old one, takes a lease, computes the value and stores it. `drop`
removes value and lease together, so a computation that began before a change stores nothing. `put`
needs no lease: it is for values that have a version of their own (docs/decisions/039).
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

from wingman.kit.cache.memory import Memory
from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.lua import Script, read_lua
from wingman.kit.clock import time_left
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.limits.limiter import Limiter, Step
from wingman.kit.limits.policy import Policy, Verdict
from wingman.kit.observability import count, logger

# Longer than any database call (kit/clients/database.py): a lease must outlive its computation.
LEASE_SECONDS = 6.0
PATIENCE_SECONDS = 7.0
_FIRST_PAUSE, _MAX_PAUSE = 0.02, 0.2

M = TypeVar("M", bound=BaseModel)


class Source(StrEnum):
    """The origin of an answer, as the X-Cache header states it."""

    HIT = "hit"
    MISS = "miss"
    STALE = "stale"
    BYPASS = "bypass"


@dataclass(frozen=True)
class Ages:
    """Seconds from which a value is recomputed (`due`), stale (`fresh`), and `gone`.

    `lease` must be longer than the computation; readers wait for slightly longer than that.
    """

    due: float
    fresh: float
    gone: float
    lease: float = LEASE_SECONDS


@dataclass(frozen=True)
class Found(Generic[M]):
    """The result of a look-up. A reader that gets a `token` must compute the value."""

    key: str
    value: M | None = None
    age: float = 0.0
    token: str = ""
    unavailable: bool = False


@dataclass(frozen=True)
class Answer(Generic[M]):
    value: M
    source: Source
    age: float = 0.0


class Cache(Generic[M]):
    def __init__(
        self,
        commands: Commands,
        limiter: Limiter,
        model: type[M],
        ages: Ages,
        sleep: Callable[[float], None] = time.sleep,
        memory: Memory | None = None,
    ) -> None:
        self._commands = commands
        self._limiter = limiter
        self._model = model
        self._ages = ages
        self._sleep = sleep
        self._memory = memory

    def look_up(
        self, key: str, policies: Mapping[str, Policy], steps: Sequence[Step] = ()
    ) -> tuple[Sequence[Verdict], Found[M]]:
        """Charge the limits of a request (bucket → policy), run `steps` and read an entry.

        All of this is one call to Redis.
        """
        ages, kept = self._ages, self._memory.get(key) if self._memory is not None else None
        stored_at = kept.stored_at if kept else ""
        arguments = [stored_at, _ms(ages.due), _ms(ages.gone), _ms(ages.lease), str(uuid4())]
        read = Step(read_lua(__file__, "cache"), [key], arguments)
        taken = self._limiter.ask(policies, steps=[*steps, read])
        if taken.after is None:
            own = self._model.model_validate_json(kept.text) if kept else None
            return taken.verdicts, Found(key, own, kept.age if kept else 0, unavailable=True)
        token, age_ms, text, stored_at = taken.after
        age = int(age_ms) / 1000
        if kept and stored_at and kept.stored_at == stored_at:
            text = kept.text
        elif self._memory is not None and text:
            self._memory.keep(key, text, stored_at, age)
        try:
            held = self._model.model_validate_json(text) if text else None
        except ValidationError:  # an older version of the model wrote it
            self.drop([key])
            return taken.verdicts, Found(key, unavailable=True)
        return taken.verdicts, Found(key, held, age, token)

    def wait(self, found: Found[M]) -> Found[M]:
        """Wait while another reader computes a value that is missing.

        Raises DependencyUnavailable if it computes for too long.
        """
        patience = PATIENCE_SECONDS + self._ages.lease - LEASE_SECONDS
        gives_up = time.monotonic() + min(patience, time_left())
        pause = _FIRST_PAUSE
        while found.value is None and not found.token and not found.unavailable:
            if time.monotonic() + pause > gives_up:
                raise DependencyUnavailable("cache")
            self._sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load
            pause = min(pause * 1.5, _MAX_PAUSE)
            _, found = self.look_up(found.key, {})
        return found

    def put(self, key: str, value: M, version: int) -> None:
        """Store a value unless a newer version is stored; a failure is logged.

        While Redis is unavailable, the container keeps its copy.
        """
        text, stored_at = value.model_dump_json(), ""
        try:
            arguments = [text, version, _ms(self._ages.gone)]
            stored_at = _put().run(self._commands, [key], arguments)
        except (DependencyUnavailable, RedisError) as error:
            logger().warning("cache.not_stored", exc_info=error)
        if self._memory is not None:
            self._memory.keep(key, text, stored_at)

    def release(self, found: Found[M]) -> None:
        """Return the lease of a reader that does not compute."""
        if found.token:
            self._store_or_release(found, "")

    def answer(self, found: Found[M], compute: Callable[[], M]) -> Answer[M]:
        """Return the value, or compute it if this reader holds the lease.

        An old value replaces an unavailable dependency. Raises what `compute` raises, and
        DependencyUnavailable if another reader computes for too long.
        """
        answer = self._answer(self.wait(found), compute)
        count("CacheAnswer", source=answer.source)
        return answer

    def _answer(self, found: Found[M], compute: Callable[[], M]) -> Answer[M]:
        if found.unavailable:
            return Answer(compute(), Source.BYPASS)
        if found.token:
            return self._compute(found, compute)
        return self._cached(found)

    def drop(self, keys: Sequence[str]) -> None:
        """Remove values; without Redis they stay until they expire, and an error is logged."""
        if self._memory is not None:
            self._memory.forget(*keys)
        for _ in range(2):
            try:
                if keys:
                    self._commands.run("DEL", *keys)
            except (DependencyUnavailable, RedisError) as error:
                logger().error("cache.not_dropped", extra={"keys": len(keys)}, exc_info=error)
            else:
                return

    def _compute(self, found: Found[M], compute: Callable[[], M]) -> Answer[M]:
        try:
            value = compute()
        except DependencyUnavailable:
            if found.value is None:
                self._store_or_release(found, "")
                raise
            # The lease is kept until it ends, which spares an unavailable database more calls.
            return self._cached(found)
        except Exception:
            self._store_or_release(found, "")
            raise
        self._store_or_release(found, value.model_dump_json())
        return Answer(value, Source.MISS)

    def _cached(self, found: Found[M]) -> Answer[M]:
        assert found.value is not None  # noqa: S101 - readers without a value wait or compute
        source = Source.HIT if found.age < self._ages.fresh else Source.STALE
        return Answer(found.value, source, found.age)

    def _store_or_release(self, found: Found[M], value: str) -> None:
        """Store a value under its lease, or return the lease. A failure is only logged."""
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


@cache
def _put() -> Script:
    return Script(read_lua(__file__, "put"))
