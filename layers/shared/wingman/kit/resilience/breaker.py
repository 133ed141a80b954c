"""Circuit breakers: a dependency that fails is left alone, and found again when it is back.

Failures of all containers are counted in one shared circuit, which is asked only after a failure: a
call that passes costs nothing. The limiter's call reports open circuits, so a container need not
fail once to learn of one. Where there is no shared circuit, or it cannot be reached, each container
counts alone (docs/decisions/010-breaker.md).
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from wingman.kit.clock import time_left, within
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.observability import count, logger
from wingman.kit.resilience.circuit import Answer, Circuit, Event, May, State

PROBE_SECONDS = 1.0
# An open circuit is asked about at most this often: somebody else may have closed it.
ASK_AGAIN_SECONDS = 1.0

_METRICS = {
    State.CLOSED: "BreakerClosed",
    State.OPEN: "BreakerOpen",
    State.HALF_OPEN: "BreakerHalfOpen",
}

T = TypeVar("T")


@dataclass(frozen=True)
class Dependency:
    """A service that we depend on: when its circuit opens and for how long it stays open.

    fair_seconds  a call that was given less time by the deadline proves nothing when it fails
    rest_seconds  after any failure it is left alone for so long: a request waits for one timeout
    """

    name: str
    failures: int = 5
    open_seconds: float = 60.0
    fair_seconds: float = 1.0
    rest_seconds: float = 0.0

    @property
    def key(self) -> str:
        """Name the circuit that all containers share."""
        return f"breaker:{self.name}"


Shared = Callable[[Event, int, int], Answer | None]
"""Notes an event in a shared circuit: the event, how long the call took (ms) and how many failures
to take back. None where the circuit cannot be reached."""


class BreakerOpen(DependencyUnavailable):
    """A service we depend on has failed repeatedly and is left alone for a while. Try again."""

    def __init__(self, dependency: str, *, retry_after: int = 5) -> None:
        super().__init__(dependency, retry_after=retry_after, untouched=True)


class Breaker:
    """The breaker of one dependency in this container, sharing its circuit if it can."""

    def __init__(self, dependency: Dependency, shared: Shared | None = None) -> None:
        self.dependency = dependency
        self._shared = shared
        self._own = Circuit(dependency.failures, round(dependency.open_seconds * 1000))
        self._state = State.CLOSED
        self._ask_at = 0.0
        self._reported = 0
        self._resting_until = 0.0

    @property
    def state(self) -> State:
        """Whether calls go through, as far as this container knows."""
        return self._state

    @property
    def shared(self) -> bool:
        """Whether all containers have the same circuit."""
        return self._shared is not None

    @property
    def _name(self) -> str:
        return self.dependency.name

    def call(
        self,
        function: Callable[[], T],
        *,
        probe: Callable[[], object] | None = None,
        failed: Callable[[T], bool] | None = None,
    ) -> T:
        """Call the dependency, unless it is known to be away.

        A failure is a DependencyUnavailable (but a DependencyRefused is not), or a result of which
        `failed` says so; any other error is an answer. `probe` is a cheap call that tells whether
        the dependency is back; without one the first call finds out.
        Raises BreakerOpen without having called.
        """
        if self._state is not State.CLOSED:
            self._admit(probe)
        elif self._reported and time.monotonic() < self._resting_until:
            raise BreakerOpen(self._name, retry_after=1)
        hurried = time_left() < self.dependency.fair_seconds
        began = time.monotonic()
        try:
            result = function()
        except Exception as error:
            if not isinstance(error, DependencyUnavailable) or isinstance(error, DependencyRefused):
                self._passed(began)
            elif not hurried:
                self._failed(began)
            raise
        if failed is None or not failed(result):
            self._passed(began)
        elif not hurried:
            self._failed(began)
        return result

    def found_alive(self) -> None:
        """Take note that the dependency has answered somebody who called it past this breaker."""
        if self._state is State.OPEN:
            self._note("woke", time.monotonic())
        self._passed(time.monotonic())

    def learn(self, stored: str | None) -> None:
        """Take over what the shared circuit says; None where there is none."""
        told = State(json.loads(stored)["state"]) if stored else State.CLOSED
        if told is not self._state:
            self._state, self._ask_at = told, 0.0

    def _admit(self, probe: Callable[[], object] | None) -> None:
        now = time.monotonic()
        if now < self._ask_at:
            raise BreakerOpen(self._name, retry_after=math.ceil(self._ask_at - now))
        answer = self._note("ask", now)
        if answer.may is May.PROBE and probe is not None:
            answer = self._note("woke", now) if self._answers(probe) else answer
            if answer.may is not May.GO:
                self._refuse(now, ASK_AGAIN_SECONDS)
        elif answer.may is May.WAIT:
            self._refuse(now, min(answer.wait / 1000, ASK_AGAIN_SECONDS))

    def _refuse(self, now: float, seconds: float) -> None:
        self._ask_at = now + seconds
        raise BreakerOpen(self._name, retry_after=max(1, math.ceil(seconds)))

    def _answers(self, probe: Callable[[], object]) -> bool:
        try:
            with within(PROBE_SECONDS):
                probe()
        except DependencyUnavailable:
            return False
        except Exception:  # noqa: BLE001 - a refusal is an answer, whatever it says
            return True
        return True

    def _passed(self, began: float) -> None:
        if self._reported or self._state is not State.CLOSED:
            taken_back, self._reported = self._reported, 0
            self._note("passed", began, taken_back)

    def _failed(self, began: float) -> None:
        self._resting_until = time.monotonic() + self.dependency.rest_seconds
        answer = self._note("failed", began)
        self._reported = self._reported + 1 if answer.state is State.CLOSED else 0

    def _note(self, event: Event, began: float, taken_back: int = 0) -> Answer:
        took = round((time.monotonic() - began) * 1000)
        answer = self._shared(event, took, taken_back) if self._shared else None
        if answer is None:
            now = round(time.monotonic() * 1000)
            answer = self._own.note(event, now, took=took, taken_back=taken_back)
        if answer.changed:
            logger().warning(f"breaker.{answer.state}", extra={"dependency": self._name})
            count(_METRICS[answer.state], dependency=self._name)
        self._state = answer.state
        return answer
