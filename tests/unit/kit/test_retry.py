"""The contract of retries, without real waits."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.support.clock import stop_time
from wingman.kit import clock
from wingman.kit.clients.circuits import with_retry
from wingman.kit.clock import time_left, within
from wingman.kit.errors import Conflict, DependencyRefused, DependencyUnavailable
from wingman.kit.resilience import retry
from wingman.kit.resilience.breaker import BreakerOpen
from wingman.kit.resilience.retry import MAX_SAVED, NestedRetryError


@dataclass
class Dependency:
    """Fails a given number of times, then answers."""

    failures: int
    error: Callable[[], Exception] = lambda: DependencyUnavailable("it")
    calls: int = 0
    moments: list[float] = field(default_factory=list)

    def __call__(self) -> str:
        self.calls += 1
        self.moments.append(time.monotonic())
        if self.calls <= self.failures:
            raise self.error()
        return "done"


@pytest.fixture(autouse=True)
def waits(fresh_container: None) -> Iterator[list[float]]:
    """Replace sleeping, and record every wait in seconds."""
    found: list[float] = []
    with retry.pausing_with(found.append):
        yield found


def test_a_transient_failure_is_hidden() -> None:
    dependency = Dependency(failures=2)
    assert with_retry(2, idempotent=True)(dependency)() == "done"
    assert dependency.calls == 3


def test_a_call_that_is_not_idempotent_is_not_repeated_after_a_lost_answer() -> None:
    dependency = Dependency(failures=1)
    with pytest.raises(DependencyUnavailable):
        with_retry(2)(dependency)()
    assert dependency.calls == 1


def test_a_call_that_was_not_executed_is_always_repeated() -> None:
    dependency = Dependency(1, lambda: DependencyUnavailable("it", not_executed=True))
    assert with_retry(2)(dependency)() == "done"


@pytest.mark.parametrize(
    "error",
    [Conflict, lambda: BreakerOpen("it"), lambda: DependencyRefused("it"), lambda: OSError("raw")],
)
def test_an_error_that_is_an_answer_is_not_retried(error: Callable[[], Exception]) -> None:
    dependency = Dependency(1, error)
    with pytest.raises(type(error())):
        with_retry(2, idempotent=True)(dependency)()
    assert dependency.calls == 1


def test_the_last_failure_is_raised() -> None:
    dependency = Dependency(failures=9)
    with pytest.raises(DependencyUnavailable):
        with_retry(3, idempotent=True)(dependency)()
    assert dependency.calls == 4


@pytest.mark.parametrize(
    ("first", "not_executed"), [(DependencyUnavailable("it"), False), (BreakerOpen("it"), True)]
)
def test_an_open_circuit_does_not_hide_an_earlier_attempt(
    first: DependencyUnavailable, not_executed: bool
) -> None:
    errors = iter([first, BreakerOpen("it")])
    with pytest.raises(DependencyUnavailable) as raised:
        with_retry(2, idempotent=True)(Dependency(9, lambda: next(errors)))()
    assert isinstance(raised.value, BreakerOpen)
    assert raised.value.not_executed is not_executed


def test_waits_grow_and_have_full_jitter(waits: list[float]) -> None:
    policy = with_retry(3, first_wait=0.1, longest_wait=0.3, idempotent=True)
    for _ in range(200):
        retry.budgets().clear()
        with pytest.raises(DependencyUnavailable):
            policy(Dependency(failures=9))()
    for turn, ceiling in enumerate([0.1, 0.2, 0.3]):
        of_this_turn = waits[turn::3]
        assert all(0 <= wait <= ceiling for wait in of_this_turn)
        assert min(of_this_turn) < ceiling / 10
        assert max(of_this_turn) > ceiling * 9 / 10


def test_retry_after_is_honoured(waits: list[float]) -> None:
    dependency = Dependency(1, lambda: DependencyUnavailable("it", asked_to_wait=0.9))
    with_retry(1, idempotent=True)(dependency)()
    assert waits == [0.9]


def test_a_retry_after_beyond_the_longest_wait_ends_the_call(waits: list[float]) -> None:
    dependency = Dependency(1, lambda: DependencyUnavailable("it", asked_to_wait=30))
    with pytest.raises(DependencyUnavailable):
        with_retry(1, longest_wait=1.0, patience=60, idempotent=True)(dependency)()
    assert waits == []


def test_nothing_runs_past_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = stop_time(monkeypatch, retry, clock)

    def slow() -> None:
        stopped.sleep(min(0.25, time_left()))  # as every client does
        raise DependencyUnavailable("it")

    policy = with_retry(50, first_wait=0.05, patience=60, idempotent=True)
    began = stopped.now
    with retry.pausing_with(stopped.sleep), within(0.9), pytest.raises(DependencyUnavailable):
        policy(slow)()
    assert 0.5 < stopped.now - began <= 0.9


def test_patience_ends_before_the_deadline_does(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = stop_time(monkeypatch, retry, clock)

    def hangs() -> None:
        calls.append(1)
        stopped.sleep(0.2)
        raise DependencyUnavailable("it")

    calls: list[int] = []
    with pytest.raises(DependencyUnavailable):
        with_retry(5, patience=0.1, idempotent=True)(hangs)()
    assert len(calls) == 1


def test_the_budget_limits_retries_in_an_outage() -> None:
    dependency = Dependency(failures=10_000)
    policy = with_retry(3, idempotent=True)
    for _ in range(200):
        with pytest.raises(DependencyUnavailable):
            policy(dependency)()
    assert dependency.calls <= 200 * 1.2


def test_successful_calls_refill_the_budget() -> None:
    policy = with_retry(3, idempotent=True)
    retry.budgets()["other"].saved = 0.0
    for _ in range(20):
        policy(Dependency(failures=0))()
    dependency = Dependency(failures=2)
    assert policy(dependency)() == "done"
    for _ in range(1000):
        policy(Dependency(failures=0))()
    assert retry.budgets()["other"].saved == MAX_SAVED


def test_a_policy_inside_another_is_an_error() -> None:
    inner = with_retry(1)(Dependency(failures=0))
    with pytest.raises(NestedRetryError):
        with_retry(1)(inner)()
    assert inner() == "done"


def test_a_policy_that_yields_makes_one_attempt_inside_another() -> None:
    inside, outside = Dependency(failures=9), Dependency(failures=9)
    yields = with_retry(3, idempotent=True, yields=True)(inside)

    def goes_on_without() -> None:
        with pytest.raises(DependencyUnavailable):
            yields()
        outside()

    with pytest.raises(DependencyUnavailable):
        with_retry(2, idempotent=True)(goes_on_without)()
    assert (inside.calls, outside.calls) == (3, 3)
    with pytest.raises(DependencyUnavailable):
        yields()
    assert inside.calls == 3 + 4


def test_an_attempt_after_another_is_not_nested() -> None:
    policy = with_retry(1, idempotent=True)
    with pytest.raises(Conflict):
        policy(Dependency(1, Conflict))()
    assert policy(Dependency(failures=1))() == "done"


def test_a_decorated_function_keeps_its_name_and_arguments() -> None:
    @with_retry(1)
    def greet(name: str, *, loudly: bool = False) -> str:
        return name.upper() if loudly else name

    assert greet("Maya", loudly=True) == "MAYA"
    assert greet.__name__ == "greet"
