"""Simulates a dependency that is dead for a while, and containers with breakers."""

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.bench.simulation import Simulation
from wingman.kit.errors import DependencyUnavailable

STARTS_AT = 1_800_000_000
"""The start time of a simulation."""

Guarded = Callable[[Callable[[], None]], None]
"""Calls the dependency through a container's breaker. Raises only DependencyUnavailable."""


@dataclass(frozen=True)
class Plan:
    """Durations in seconds, and `rate` requests a second in each container, one at a time.

    It ends when no caller has been refused for `quiet_for` after the dependency came back.
    """

    containers: int
    dead_from: float = 5.0
    dead_for: float = 30.0
    quiet_for: float = 5.0
    rate: float = 20.0
    answers_after: float = 0.02
    fails_after: float = 0.02

    def lasting(self, seconds: float) -> "Plan":
        return replace(self, dead_for=seconds)


@dataclass
class Outage:
    """Counts of calls and requests.

    failing    calls that reached the dead dependency for a request
    in_flight  of these, the ones under way when the fifth of them failed
    looks      probes by breakers that found the dependency still dead
    refused    requests that a breaker refused although the dependency was back
    """

    plan: Plan
    simulation: Simulation = field(default_factory=Simulation)
    threshold: int = 5
    failing: int = 0
    in_flight: int = 0
    looks: int = 0
    refused: int = 0
    served: int = 0
    _under_way: int = 0
    _refused_at: float = 0.0

    def run(self, containers: list[Guarded]) -> None:
        chance = random.Random(7)  # noqa: S311 - arrivals, the same in every run
        for guarded in containers:
            self.simulation.add(self._container(guarded, random.Random(chance.random())))  # noqa: S311
        self.simulation.run()

    @property
    def _back_at(self) -> float:
        return self.plan.dead_from + self.plan.dead_for

    @property
    def _dead(self) -> bool:
        return self.plan.dead_from <= self.simulation.now < self._back_at

    def _container(self, guarded: Guarded, chance: random.Random) -> Callable[[], None]:
        def live() -> None:
            arrival = chance.uniform(0, 1 / self.plan.rate)
            while arrival < max(self._back_at, self._refused_at) + self.plan.quiet_for:
                if arrival >= self.simulation.now:  # else it was busy: another container's request
                    self.simulation.sleep(arrival - self.simulation.now)
                    self._request(guarded)
                arrival += chance.uniform(0.5, 1.5) / self.plan.rate

        return live

    def _request(self, guarded: Guarded) -> None:
        reached = False

        def dependency() -> None:
            nonlocal reached
            reached = True
            self._answer()

        with contextlib.suppress(DependencyUnavailable):
            guarded(dependency)
        if not reached and self.simulation.now >= self._back_at:
            self.refused += 1
            self._refused_at = self.simulation.now

    def _answer(self) -> None:
        if not self._dead:
            self.simulation.sleep(self.plan.answers_after)
            self.served += 1
            return
        self._under_way += 1
        self.simulation.sleep(self.plan.fails_after)
        self._under_way -= 1
        self.failing += 1
        if self.failing == self.threshold:
            self.in_flight = self._under_way
        raise DependencyUnavailable("supabase")

    def look(self) -> None:
        if not self._dead:
            self.simulation.sleep(self.plan.answers_after)
            return
        self.looks += 1
        self.simulation.sleep(self.plan.fails_after)
        raise DependencyUnavailable("supabase")
