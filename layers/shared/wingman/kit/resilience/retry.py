"""Retries with a contract (docs/decisions/011-retry.md).

Only a DependencyUnavailable is repeated, so foreign errors are translated first. What is not
idempotent is repeated only where the dependency certainly did nothing. Waits have full jitter, or
are what the dependency asked for; nothing begins that cannot end before the deadline; a budget
bounds what an outage adds; and one policy owns a call: a second one inside it is an error, or
yields.
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

from wingman.kit.clock import time_left
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.observability import count
from wingman.kit.resilience.breaker import Breaker, BreakerOpen

P = ParamSpec("P")
R = TypeVar("R")

# A call earns a tenth of a retry: in a long outage retries add at most that.
EARNED_PER_CALL = 0.1
MOST_SAVED = 10.0

_owner: ContextVar[str | None] = ContextVar("retry_owner", default=None)
_pause: ContextVar[Callable[[float], None]] = ContextVar("retry_pause", default=time.sleep)


class NestedRetryError(RuntimeError):
    """A retry policy was entered inside another: attempts would multiply. One owns a path."""


@dataclass
class Budget:
    """What may still be spent on repeating calls to one dependency, in this container."""

    saved: float = MOST_SAVED

    def earn(self) -> None:
        """Credit a first attempt."""
        self.saved = min(MOST_SAVED, self.saved + EARNED_PER_CALL)

    def spend(self) -> bool:
        """Take the price of one retry, if it is there."""
        if self.saved < 1:
            return False
        self.saved -= 1
        return True


@cache
def budgets() -> defaultdict[str, Budget]:
    """Return the container's budgets, one for each dependency."""
    return defaultdict(Budget)


@dataclass(frozen=True)
class Retry:
    """A policy; as a decorator, it makes a function repeat itself.

    max_retries      attempts after the first
    dependency       whose budget is spent
    breaker          what every attempt goes through; None where the called function does it itself
    first_wait       seconds; the ceiling of the first wait, doubled for each further one
    longest_wait     seconds; who is asked to wait longer gives up instead
    patience         seconds after the first attempt began in which another may begin
    attempt_seconds  what an attempt must have left before the invocation's deadline
    idempotent       the call may be repeated although it may have been acted on
    yields           inside another policy it makes a single attempt, and is not an error
    probe            tells cheaply whether the dependency is back (see Breaker.call)
    """

    max_retries: int
    dependency: str = "other"
    breaker: Callable[[], Breaker] | None = None
    first_wait: float = 0.1
    longest_wait: float = 1.0
    patience: float = 2.0
    attempt_seconds: float = 0.2
    idempotent: bool = False
    yields: bool = False
    probe: Callable[[], object] | None = None

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate a function."""

        @wraps(function)
        def repeated(*args: P.args, **kwargs: P.kwargs) -> R:
            return self.run(lambda: function(*args, **kwargs))

        return repeated

    def but(self, **changes: Any) -> "Retry":
        """Return the same policy with some fields changed, for another kind of call."""
        return replace(self, **changes)

    def run(self, function: Callable[[], R]) -> R:
        """Call `function`, again where that can help. Raises what its last attempt raised."""
        if (owner := _owner.get()) is not None and not self.yields:
            raise NestedRetryError(f"a retry of {self.dependency} inside one of {owner}")
        budgets()[self.dependency].earn()
        if owner is not None:
            return self._attempt(function)
        began = time.monotonic()
        try:
            return self._attempt(function)
        except DependencyUnavailable as error:
            if self.max_retries < 1 or not self._may_repeat(error):
                raise
            return self._repeat(function, error, began)

    def _attempt(self, function: Callable[[], R]) -> R:
        def owned() -> R:
            entered = _owner.set(self.dependency)
            try:
                return function()
            finally:
                _owner.reset(entered)

        return self.breaker().call(owned, probe=self.probe) if self.breaker else owned()

    def _may_repeat(self, error: BaseException) -> bool:
        if not isinstance(error, DependencyUnavailable):
            return False
        if isinstance(error, BreakerOpen | DependencyRefused):
            return False
        return self.idempotent or error.untouched

    def _repeat(self, function: Callable[[], R], failed: DependencyUnavailable, began: float) -> R:
        # Most containers never get here, and importing it costs a cold start 4 to 25 ms.
        from tenacity import RetryCallState, Retrying, retry_if_exception  # noqa: PLC0415

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.asked_to_wait if isinstance(error, DependencyUnavailable) else None
            ceiling = min(self.first_wait * 2 ** (state.attempt_number - 1), self.longest_wait)
            return max(random.uniform(0, ceiling), asked or 0)  # noqa: S311 - it spreads load

        def stop(state: RetryCallState) -> bool:
            pause = state.upcoming_sleep
            return (
                state.attempt_number > self.max_retries
                or pause > self.longest_wait
                or time.monotonic() - began + pause > self.patience
                or time_left() - pause < self.attempt_seconds
                or not budgets()[self.dependency].spend()
            )

        before = iter([failed])
        untouched = True

        def attempt() -> R:
            nonlocal untouched
            try:
                for error in before:  # tenacity's first attempt is the one that has just failed
                    raise error
                count("Retried", dependency=self.dependency)
                return self._attempt(function)
            except DependencyUnavailable as error:
                # What an earlier attempt may have done is done, however the last one ended.
                untouched = error.untouched = error.untouched and untouched
                raise

        return Retrying(
            retry=retry_if_exception(self._may_repeat),
            wait=wait,
            stop=stop,
            sleep=_pause.get(),
            reraise=True,
        )(attempt)


with_api_retry = Retry(2, first_wait=0.1, longest_wait=2.0, patience=3.0)


@contextmanager
def pausing_with(pause: Callable[[float], None]) -> Iterator[None]:
    """Let retries inside wait by calling `pause`: tests need not wait."""
    token = _pause.set(pause)
    try:
        yield
    finally:
        _pause.reset(token)
