"""Circuits in Redis that all containers share, and the retry policies that use them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from wingman.kit import declarations
from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.dependencies import REDIS, SUPABASE
from wingman.kit.clients.lua import Script, read_lua
from wingman.kit.clients.redis import redis, redis_breaker
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.resilience.breaker import Breaker, Dependency
from wingman.kit.resilience.circuit import Answer, Event, May, State
from wingman.kit.resilience.retry import Retry
from wingman.kit.settings import SettingsError


@dataclass(frozen=True)
class SharedCircuit:
    """The circuit of a dependency in Redis (circuit.lua)."""

    commands: Callable[[], Commands]
    dependency: Dependency

    def note(self, event: Event, took: int, taken_back: int, caller: str) -> Answer | None:
        """Record an event of a call that took `took` ms; None means that Redis is unavailable."""
        open_for = round(self.dependency.open_seconds * 1000)
        arguments = [event, self.dependency.failures, open_for, took, taken_back, caller]
        try:
            reply = _script().run(self.commands(), [self.dependency.key], arguments)
        except (DependencyUnavailable, RedisError, SettingsError):
            return None
        may, wait, state, changed, counted = reply
        return Answer(May(may), int(wait), State(state), bool(changed), bool(counted))


@cache
def breaker(dependency: Dependency) -> Breaker:
    if dependency == REDIS:  # Redis cannot store the circuit that describes Redis itself
        return redis_breaker()
    return Breaker(dependency, SharedCircuit(redis, dependency).note)


def watched() -> Iterator[Breaker]:
    for dependency in declarations.loaded("dependencies", Dependency):
        if dependency != REDIS:
            yield breaker(dependency)


def through(dependency: Dependency, policy: Retry) -> Retry:
    return policy.replace(dependency=dependency.name, breaker=partial(breaker, dependency))


def with_retry(
    max_retries: int, circuit_breaker_key: Dependency | None = None, **options: Any
) -> Retry:
    """Create a policy that uses a dependency's breaker if one is given."""
    policy = Retry(max_retries, **options)
    return through(circuit_breaker_key, policy) if circuit_breaker_key else policy


# A hanging database has used its 5 s timeout when it fails, so `patience` allows no retry then.
with_supabase_retry = with_retry(2, SUPABASE, first_wait=0.05, longest_wait=0.5, patience=1.0)


@cache
def _script() -> Script:
    return Script(read_lua(__file__, "circuit"))
