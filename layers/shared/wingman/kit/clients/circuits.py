"""Circuits that all containers share, in Redis, and the retry policies that go through them."""

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

    def note(self, event: Event, took: int, taken_back: int) -> Answer | None:
        """Note an event (of a call that took so many ms); None without Redis."""
        open_for = round(self.dependency.open_seconds * 1000)
        arguments = [event, self.dependency.failures, open_for, took, taken_back]
        try:
            reply = _script().run(self.commands(), [self.dependency.key], arguments)
        except (DependencyUnavailable, RedisError, SettingsError):
            return None
        may, wait, state, changed = reply
        return Answer(May(may), int(wait), State(state), bool(changed))


@cache
def breaker(dependency: Dependency) -> Breaker:
    """Return the container's breaker of a dependency."""
    if dependency == REDIS:  # Redis cannot keep the circuit that says whether Redis works
        return redis_breaker()
    return Breaker(dependency, SharedCircuit(redis, dependency).note)


def watched() -> Iterator[Breaker]:
    """Yield the breakers that this container may need: of what it has loaded, save Redis's own."""
    for dependency in declarations.loaded("dependencies", Dependency):
        if dependency != REDIS:
            yield breaker(dependency)


def through(dependency: Dependency, policy: Retry) -> Retry:
    """Let every attempt of a policy go through the breaker of a dependency."""
    return policy.but(dependency=dependency.name, breaker=partial(breaker, dependency))


def with_retry(
    max_retries: int, circuit_breaker_key: Dependency | None = None, **options: Any
) -> Retry:
    """Make a policy (the options are Retry's), through the breaker of a dependency if named."""
    policy = Retry(max_retries, **options)
    return through(circuit_breaker_key, policy) if circuit_breaker_key else policy


# A database that hangs has cost its 5 s when it fails: longer than anybody should wait for a 503.
with_supabase_retry = with_retry(2, SUPABASE, first_wait=0.05, longest_wait=0.5, patience=1.0)


@cache
def _script() -> Script:
    return Script(read_lua(__file__, "circuit"))
