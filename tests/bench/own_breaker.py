"""Our breaker in an outage: on real Redis, whose scripts get the simulated time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import redis

from tests.bench.outage import STARTS_AT, Guarded, Outage, Plan
from tests.bench.simulation import Simulation
from tests.support.redis import MOVED_CLOCK, clock_at
from wingman.kit import clock
from wingman.kit.clients.circuits import SharedCircuit
from wingman.kit.clients.commands import Command, Commands, RedisError
from wingman.kit.clients.dependencies import SUPABASE
from wingman.kit.clients.lua import Script
from wingman.kit.limits import limiter as ratelimit
from wingman.kit.limits.limiter import Limiter
from wingman.kit.resilience import breaker as breaker_module
from wingman.kit.resilience.breaker import Breaker, Dependency


class SimulatedTimeCommands(Commands):
    """Real Redis, whose scripts read the simulation's clock instead of `TIME`."""

    def __init__(self, url: str, simulation: Simulation) -> None:
        self._client = redis.Redis.from_url(url, decode_responses=True)
        self._simulation = simulation
        self._moved: dict[str, str] = {}

    def run(self, *command: object) -> Any:
        if command[0] == "EVAL":
            source = str(command[1])
            loaded = self._client.script_load(source.replace(*MOVED_CLOCK))
            self._moved[Script(source).digest] = str(loaded)
            command = ("EVALSHA", Script(source).digest, *command[2:])
        if command[0] != "EVALSHA":
            raise AssertionError(command)
        if str(command[1]) not in self._moved:
            raise RedisError("NOSCRIPT")
        now = round((STARTS_AT + self._simulation.now) * 1_000_000)
        pipeline = self._client.pipeline(transaction=False)
        for each in (clock_at(now), ["EVALSHA", self._moved[str(command[1])], *command[2:]]):
            pipeline.execute_command(*each)  # type: ignore[no-untyped-call]
        return pipeline.execute()[1]

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        raise NotImplementedError


def live_through(plan: Plan, redis_url: str, *, limited: bool = True) -> Outage:
    """Run our breakers through an outage; requests that are not `limited` skip the limiter."""
    outage = Outage(plan)
    commands = SimulatedTimeCommands(redis_url, outage.simulation)
    own = replace(SUPABASE, name=str(uuid4()))
    with _clock_of(outage.simulation):
        outage.run(
            [_container(commands, own, outage, limited=limited) for _ in range(plan.containers)]
        )
    return outage


def _container(
    commands: Commands, dependency: Dependency, outage: Outage, *, limited: bool
) -> Guarded:
    breaker = Breaker(dependency, SharedCircuit(lambda: commands, dependency).note)
    limiter = Limiter(commands, [breaker])

    def request(dependency: Any) -> None:
        if limited:
            limiter.ask({})  # as every user's request does; this also reads the circuit
        breaker.call(dependency, probe=outage.look)

    return request


@contextmanager
def _clock_of(simulation: Simulation) -> Iterator[None]:
    simulated = SimpleNamespace(monotonic=lambda: simulation.now)
    with (
        patch.object(breaker_module, "time", simulated),
        patch.object(clock, "time", simulated),
        patch.object(ratelimit, "time", simulated),
    ):
        yield
