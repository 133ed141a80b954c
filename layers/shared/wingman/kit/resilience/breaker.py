"""Circuit breakers: a dependency that fails is left alone, and found again when it is back.

Failures are counted over all containers in Redis, and only then is Redis asked: a call that
passes costs nothing. That a circuit is open comes along with the limiter's call, so a container
need not fail once itself to know it. Without Redis, and for Redis itself, each container counts
alone (docs/decisions/010-breaker.md).
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.lua import Script, lua
from wingman.kit.clock import time_left, within
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.observability import count, logger
from wingman.kit.resilience.circuit import Answer, Circuit, Event, May, State
from wingman.kit.settings import SettingsError

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
class Threshold:
    """When a circuit opens and for how long it then stays (requirements.md S6)."""

    failures: int
    open_seconds: float
    # A call that was given less time than this by the deadline proves nothing when it fails.
    fair_seconds: float = 1.0
    # After any failure, leave it alone for this long: a request waits for a timeout once.
    rest_seconds: float = 0.0


_EXTERNAL = Threshold(5, 60.0)
THRESHOLDS: Mapping[str, Threshold] = {
    "supabase": Threshold(5, 60.0),
    "redis": Threshold(3, 30.0, fair_seconds=0.2, rest_seconds=1.0),
    "email": Threshold(3, 120.0),
    "sqs": _EXTERNAL,
    "anthropic": _EXTERNAL,
}


class BreakerOpen(DependencyUnavailable):
    """A service we depend on has failed repeatedly and is left alone for a while. Try again."""

    def __init__(self, dependency: str, *, retry_after: int = 5) -> None:
        super().__init__(dependency, retry_after=retry_after, untouched=True)


class Breaker:
    """The breaker of one dependency in this container, sharing its circuit if it can."""

    def __init__(self, name: str, commands: Callable[[], Commands] | None) -> None:
        self.name = name
        self.key = f"breaker:{name}"
        self._threshold = THRESHOLDS[name]
        self._commands = commands
        self._own = Circuit(self._threshold.failures, round(self._threshold.open_seconds * 1000))
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
        return self._commands is not None

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
            raise BreakerOpen(self.name, retry_after=1)
        hurried = time_left() < self._threshold.fair_seconds
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
            self._tell("woke", time.monotonic())
        self._passed(time.monotonic())

    def learn(self, stored: str | None) -> None:
        """Take over what the shared circuit says; None where there is none."""
        told = State(json.loads(stored)["state"]) if stored else State.CLOSED
        if told is not self._state:
            self._state, self._ask_at = told, 0.0

    def _admit(self, probe: Callable[[], object] | None) -> None:
        now = time.monotonic()
        if now < self._ask_at:
            raise BreakerOpen(self.name, retry_after=math.ceil(self._ask_at - now))
        answer = self._tell("ask", now)
        if answer.may is May.PROBE and probe is not None:
            answer = self._tell("woke", now) if self._answers(probe) else answer
            if answer.may is not May.GO:
                self._refuse(now, ASK_AGAIN_SECONDS)
        elif answer.may is May.WAIT:
            self._refuse(now, min(answer.wait / 1000, ASK_AGAIN_SECONDS))

    def _refuse(self, now: float, seconds: float) -> None:
        self._ask_at = now + seconds
        raise BreakerOpen(self.name, retry_after=max(1, math.ceil(seconds)))

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
            self._tell("passed", began, taken_back)

    def _failed(self, began: float) -> None:
        self._resting_until = time.monotonic() + self._threshold.rest_seconds
        answer = self._tell("failed", began)
        self._reported = self._reported + 1 if answer.state is State.CLOSED else 0

    def _tell(self, event: Event, began: float, taken_back: int = 0) -> Answer:
        took = round((time.monotonic() - began) * 1000)
        answer = self._ask_all(event, took, taken_back) or self._own.tell(
            event, round(time.monotonic() * 1000), took=took, taken_back=taken_back
        )
        if answer.changed:
            logger().warning(f"breaker.{answer.state}", extra={"dependency": self.name})
            count(_METRICS[answer.state], dependency=self.name)
        self._state = answer.state
        return answer

    def _ask_all(self, event: Event, took: int, taken_back: int) -> Answer | None:
        """Return what the shared circuit says; None without Redis, or when it is away."""
        if self._commands is None:
            return None
        arguments = [event, self._own.threshold, self._own.open_for, took, taken_back]
        try:
            may, wait, state, changed = _script().run(self._commands(), [self.key], arguments)
        except (DependencyUnavailable, RedisError, SettingsError):
            return None
        return Answer(May(may), int(wait), State(state), bool(changed))


@cache
def _script() -> Script:
    return Script(lua("resilience/breaker"))
