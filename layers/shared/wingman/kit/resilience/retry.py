"""Retries with a contract (docs/decisions/011-retry.md).

Only a DependencyUnavailable is retried, so foreign errors must be translated first. A call that is
not idempotent is retried only if the dependency certainly did not act on it. Waits have full jitter
or follow Retry-After; no attempt begins that cannot end before the deadline; a budget limits the
load that retries add in an outage. One policy owns a call: a second policy inside it is an error,
or yields.
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
from wingman.kit.errors import CallTimedOut, DependencyRefused, DependencyUnavailable
from wingman.kit.observability import count
from wingman.kit.resilience.breaker import Breaker, BreakerOpen

P = ParamSpec("P")
R = TypeVar("R")

# Each call earns a tenth of a retry, so retries add at most a tenth in a long outage.
EARNED_PER_CALL = 0.1
MAX_SAVED = 10.0

_owner: ContextVar[str | None] = ContextVar("retry_owner", default=None)
_pause: ContextVar[Callable[[float], None]] = ContextVar("retry_pause", default=time.sleep)


class NestedRetryError(RuntimeError):
    """A retry policy was entered inside another one, which would multiply attempts."""


@dataclass
class Budget:
    """The retries that this container may still spend on one dependency."""

    saved: float = MAX_SAVED

    def earn(self) -> None:
        self.saved = min(MAX_SAVED, self.saved + EARNED_PER_CALL)

    def spend(self) -> bool:
        """Pay for one retry, if the budget allows it."""
        if self.saved < 1:
            return False
        self.saved -= 1
        return True


@cache
def budgets() -> defaultdict[str, Budget]:
    return defaultdict(Budget)


@dataclass(frozen=True)
class Retry:
    """A retry policy, also usable as a decorator.

    max_retries      attempts after the first one
    dependency       the dependency that owns the budget
    breaker          the breaker of every attempt; None if the called function uses one itself
    first_wait       seconds; the ceiling of the first wait, doubled for each further one
    longest_wait     seconds; a call that must wait longer gives up instead
    patience         seconds after the first attempt began in which another may begin
    attempt_seconds  the time that an attempt needs before the invocation's deadline
    idempotent       the call may be repeated even if the dependency may have acted on it
    yields           inside another policy, this one makes a single attempt instead of failing
    probe            a cheap call that checks for recovery (see Breaker.call)
    caller           names the user for whom the call is made (see Breaker.call)
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
    caller: Callable[[], str] | None = None

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def repeated(*args: P.args, **kwargs: P.kwargs) -> R:
            return self.run(lambda: function(*args, **kwargs))

        return repeated

    def replace(self, **changes: Any) -> "Retry":
        return replace(self, **changes)

    def run(self, function: Callable[[], R]) -> R:
        """Raise the error of the last attempt."""
        if (owner := _owner.get()) is not None and not self.yields:
            raise NestedRetryError(f"a retry of {self.dependency} runs inside a retry of {owner}")
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

        if self.breaker is None:
            return owned()
        return self.breaker().call(owned, probe=self.probe, caller=self.caller)

    def _may_repeat(self, error: BaseException) -> bool:
        if not isinstance(error, DependencyUnavailable):
            return False
        if isinstance(error, BreakerOpen | DependencyRefused | CallTimedOut):
            return False
        return self.idempotent or error.not_executed

    def _repeat(self, function: Callable[[], R], failed: DependencyUnavailable, began: float) -> R:
        # Most containers never retry, and this import adds 4 to 25 ms to a cold start.
        from tenacity import RetryCallState, Retrying, retry_if_exception  # noqa: PLC0415

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.asked_to_wait if isinstance(error, DependencyUnavailable) else None
            ceiling = min(self.first_wait * 2 ** (state.attempt_number - 1), self.longest_wait)
            return max(random.uniform(0, ceiling), asked or 0)  # noqa: S311 - jitter

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
        not_executed = True

        def attempt() -> R:
            nonlocal not_executed
            try:
                for error in before:  # tenacity's first attempt is the one that already failed
                    raise error
                count("Retried", dependency=self.dependency)
                return self._attempt(function)
            except DependencyUnavailable as error:
                # An earlier attempt may have had an effect, however the last one ended.
                not_executed = error.not_executed = error.not_executed and not_executed
                raise

        return Retrying(
            retry=retry_if_exception(self._may_repeat),
            wait=wait,
            stop=stop,
            sleep=_pause.get(),
            reraise=True,
        )(attempt)


with_api_retry = Retry(2, first_wait=0.1, longest_wait=2.0, patience=3.0)


def pause(seconds: float) -> None:
    _pause.get()(seconds)


@contextmanager
def pausing_with(pause: Callable[[float], None]) -> Iterator[None]:
    """Replace the sleep of retries in this block, so that tests need not wait."""
    token = _pause.set(pause)
    try:
        yield
    finally:
        _pause.reset(token)
