"""Circuit breakers: calls to a failing dependency stop until it has recovered.

One circuit in Redis counts the failures of all containers. Successful calls cost nothing: the
limiter's call reports open circuits. Without Redis, each container counts alone
(docs/decisions/010-breaker.md).
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from wingman.kit.clock import time_left, within
from wingman.kit.errors import CallTimedOut, DependencyRefused, DependencyUnavailable
from wingman.kit.observability import count, logger
from wingman.kit.resilience.circuit import Answer, Circuit, Event, May, State

PROBE_SECONDS = 1.0
# An open circuit is checked at most this often: another container may have closed it.
ASK_AGAIN_SECONDS = 1.0

_METRICS = {
    State.CLOSED: "BreakerClosed",
    State.OPEN: "BreakerOpen",
    State.HALF_OPEN: "BreakerHalfOpen",
}

T = TypeVar("T")


@dataclass(frozen=True)
class Dependency:
    """A service that we depend on, and the parameters of its circuit.

    A failure does not count if the deadline left less than `fair_seconds`. After one, no call is
    made for `rest_seconds`: a request meets one timeout only.
    """

    name: str
    failures: int = 5
    open_seconds: float = 60.0
    fair_seconds: float = 1.0
    rest_seconds: float = 0.0

    @property
    def key(self) -> str:
        return f"breaker:{self.name}"


Shared = Callable[[Event, int, int, str], Answer | None]
"""Record an event: its duration (ms), failures to cancel, the caller. None if unreachable."""


class BreakerOpen(DependencyUnavailable):
    """A service that we depend on has failed repeatedly. Nothing was lost; try again shortly."""

    def __init__(self, dependency: str, *, retry_after: int = 5) -> None:
        super().__init__(dependency, retry_after=retry_after, not_executed=True)


class Breaker:
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
        return self._state

    @property
    def shared(self) -> bool:
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
        caller: Callable[[], str] | None = None,
    ) -> T:
        """Call the dependency, unless its circuit is open.

        A DependencyUnavailable (except a DependencyRefused) is a failure, and so is a result for
        which `failed` returns True; any other error proves that the dependency works. `probe` is a
        cheap call that checks for recovery; without it the first call does. A CallTimedOut may be
        the fault of the call, so it is a failure only if the probe fails too, and several for one
        `caller`, which returns a name, count as one. Raises BreakerOpen without calling.
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
                self._judge(error, began, probe, caller)
            raise
        if failed is None or not failed(result):
            self._passed(began)
        elif not hurried:
            self._failed(began)
        return result

    def mark_alive(self) -> None:
        """Record that the dependency answered a call that bypassed this breaker."""
        if self._state is State.OPEN:
            self._note("woke", time.monotonic())
        self._passed(time.monotonic())

    def learn(self, stored: str | None) -> None:
        """Adopt the state of the shared circuit; None is a closed circuit."""
        state = State(json.loads(stored)["state"]) if stored else State.CLOSED
        if state is not self._state:
            self._state, self._ask_at = state, 0.0

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
        except DependencyUnavailable as error:
            return isinstance(error, DependencyRefused)
        except Exception:  # noqa: BLE001 - any other error is an answer
            return True
        return True

    def _passed(self, began: float) -> None:
        if self._reported or self._state is not State.CLOSED:
            taken_back, self._reported = self._reported, 0
            self._note("passed", began, taken_back)

    def _judge(
        self,
        error: Exception,
        began: float,
        probe: Callable[[], object] | None,
        caller: Callable[[], str] | None,
    ) -> None:
        if probe is None or not isinstance(error, CallTimedOut):
            self._failed(began)
        elif self._answers(probe):
            self._passed(began)
        else:
            self._failed(began, caller() if caller else "")

    def _failed(self, began: float, caller: str = "") -> None:
        self._resting_until = time.monotonic() + self.dependency.rest_seconds
        answer = self._note("failed", began, caller=caller)
        reported = self._reported + int(answer.counted)
        self._reported = reported if answer.state is State.CLOSED else 0

    def _note(self, event: Event, began: float, taken_back: int = 0, caller: str = "") -> Answer:
        took = round((time.monotonic() - began) * 1000)
        answer = self._shared(event, took, taken_back, caller) if self._shared else None
        if answer is None:
            now = round(time.monotonic() * 1000)
            answer = self._own.note(event, now, took=took, taken_back=taken_back, caller=caller)
        if answer.changed:
            logger().warning(f"breaker.{answer.state}", extra={"dependency": self._name})
            count(_METRICS[answer.state], dependency=self._name)
        self._state = answer.state
        return answer
