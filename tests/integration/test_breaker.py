"""Breakers that share one circuit in real Redis."""

import threading
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.functions import Function
from tests.support.redis import MOVED_CLOCK, Counted, clock_at
from wingman.coach.dependencies import ANTHROPIC
from wingman.kit.clients import circuits
from wingman.kit.clients.circuits import SharedCircuit, breaker, watched
from wingman.kit.clients.commands import Command
from wingman.kit.clients.dependencies import SQS, SUPABASE
from wingman.kit.clients.lua import Script
from wingman.kit.clients.redis import redis
from wingman.kit.clock import within
from wingman.kit.errors import CallTimedOut, Conflict, DependencyRefused, DependencyUnavailable
from wingman.kit.limits.limiter import Limiter
from wingman.kit.resilience import breaker as module
from wingman.kit.resilience.breaker import Breaker, BreakerOpen, Dependency
from wingman.kit.resilience.circuit import ENOUGH, Circuit, Event, State

Start = Callable[[], Breaker]


def away() -> None:
    raise DependencyUnavailable("supabase")


def fine() -> str:
    return "fine"


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(DependencyUnavailable):
            breaker.call(away)


def open_circuit(breaker: Breaker) -> None:
    while breaker.state is State.CLOSED:  # a failure that Redis misses counts in the container
        fail(breaker)


@pytest.fixture
def commands(function: Callable[..., Function]) -> Counted:
    function("docs")  # for its environment
    return Counted(redis())


@pytest.fixture
def start(commands: Counted) -> Start:
    """Start a container; all containers of a test share one circuit."""
    own = replace(SUPABASE, name=str(uuid4()))
    return lambda: Breaker(own, SharedCircuit(lambda: commands, own).note)


def test_a_call_that_passes_asks_redis_nothing(start: Start, commands: Counted) -> None:
    breaker = start()
    assert [breaker.call(fine) for _ in range(100)] == ["fine"] * 100
    assert commands.names == []


def test_failures_count_over_all_containers(start: Start) -> None:
    for _ in range(SUPABASE.failures):
        fail(start())
    late = start()
    fail(late)  # learns from the answer to its report that the circuit is open
    with pytest.raises(BreakerOpen) as caught:
        late.call(fine)
    assert int(caught.value.headers["Retry-After"]) >= 1


def test_a_failure_is_one_command(start: Start, commands: Counted) -> None:
    fail(start())
    commands.names.clear()
    fail(start())
    assert commands.names == ["EVALSHA"]


def test_while_open_a_container_asks_once_a_second(start: Start, commands: Counted) -> None:
    breaker = start()
    fail(breaker, 5)
    commands.names.clear()
    for _ in range(50):
        with pytest.raises(BreakerOpen):
            breaker.call(fine)
    assert len(commands.names) == 1


def test_a_refusal_by_the_dependency_is_no_failure(start: Start, commands: Counted) -> None:
    def conflict() -> None:
        raise Conflict

    def refused() -> None:
        raise DependencyRefused("supabase")

    for answer in (conflict, refused):
        for _ in range(10):
            with pytest.raises((Conflict, DependencyRefused)):
                start().call(answer)
    assert commands.names == []


def test_a_result_can_be_a_failure(start: Start) -> None:
    breaker = start()
    results = [breaker.call(lambda: 500, failed=lambda status: status >= 500) for _ in range(5)]
    assert results == [500] * 5
    with pytest.raises(BreakerOpen):
        breaker.call(lambda: 200, failed=lambda status: status >= 500)


def time_out() -> None:
    raise CallTimedOut("supabase")


def test_a_timeout_while_the_database_works_is_no_failure(start: Start, commands: Counted) -> None:
    for _ in range(10):
        with pytest.raises(CallTimedOut):
            start().call(time_out, probe=fine, caller=lambda: "maya")
    assert commands.names == []


def test_calls_that_time_out_in_an_outage_count_once_for_each_caller(start: Start) -> None:
    def fail_for(caller: str) -> State:
        breaker = start()
        with pytest.raises(CallTimedOut):
            breaker.call(time_out, probe=away, caller=lambda: caller)
        return breaker.state

    assert {fail_for("maya") for _ in range(10)} == {State.CLOSED}
    others = [f"user-{number}" for number in range(SUPABASE.failures - 1)]
    assert [fail_for(each) for each in others][-2:] == [State.CLOSED, State.OPEN]


def test_a_success_takes_back_a_callers_failure_once(start: Start) -> None:
    breaker = start()
    for _ in range(3):
        with pytest.raises(CallTimedOut):
            breaker.call(time_out, probe=away, caller=lambda: "maya")
    fail(start(), SUPABASE.failures - 2)
    breaker.call(fine)
    fail(breaker, 2)
    assert breaker.state is State.OPEN


def test_a_call_without_time_proves_nothing(start: Start) -> None:
    breaker = start()
    with within(0.5):
        fail(breaker, 10)
    assert breaker.call(fine) == "fine"


def test_a_success_between_failures_keeps_it_closed(start: Start) -> None:
    breaker = start()
    for _ in range(5):
        fail(breaker, 4)
        breaker.call(fine)
    assert breaker.state is State.CLOSED


def test_a_successful_probe_lets_calls_through_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ASK_AGAIN_SECONDS", 0.0)
    breaker, awake = start(), threading.Event()
    looks: list[bool] = []

    def look() -> None:
        looks.append(awake.is_set())
        if not awake.is_set():
            away()

    open_circuit(breaker)
    threading.Timer(1.5, awake.set).start()
    passed = 0
    while passed < 12:
        try:
            passed += breaker.call(fine, probe=look) == "fine"
        except BreakerOpen:
            assert passed == 0
    assert looks == [False, True]
    assert breaker.state is State.CLOSED


def test_a_container_learns_of_an_open_circuit_without_a_failure_of_its_own(
    start: Start, commands: Counted
) -> None:
    fail(start(), 5)
    breaker, called = start(), []
    breaker.learn(commands.run("GET", breaker.dependency.key))
    with pytest.raises(BreakerOpen):
        breaker.call(lambda: called.append(1))
    assert called == []
    commands.run("DEL", breaker.dependency.key)
    breaker.learn(commands.run("GET", breaker.dependency.key))
    assert breaker.call(fine) == "fine"


@pytest.mark.parametrize("dependency", [SUPABASE, SQS, ANTHROPIC], ids=lambda each: each.name)
def test_the_call_of_the_limits_reports_open_circuits(
    commands: Counted, dependency: Dependency
) -> None:
    opened = Breaker(dependency, SharedCircuit(lambda: commands, dependency).note)
    fail(opened, 5)
    Limiter(commands, list(watched())).take({})
    assert breaker(dependency).state is State.OPEN


def test_a_success_in_another_container_ends_the_waiting(start: Start) -> None:
    breaker = start()
    fail(breaker, 5)
    breaker.mark_alive()
    states = [breaker.state]
    for _ in range(9):
        breaker.call(fine)
        states.append(breaker.state)
    assert states == [State.HALF_OPEN] * 9 + [State.CLOSED]


def test_without_redis_a_container_counts_alone(function: Callable[..., Function]) -> None:
    function("docs", UPSTASH_REDIS_REST_URL="http://127.0.0.1:9")
    shared = SharedCircuit(redis, SUPABASE).note
    first, second = (Breaker(SUPABASE, shared) for _ in range(2))
    fail(first, 5)
    with pytest.raises(BreakerOpen):
        first.call(fine)
    assert second.call(fine) == "fine"


RECOVERED_THEN_FAILED = [
    (0, "failed", 0, 0, "", 2),
    (1_000, "woke", 0, 0, "", 1),
    (1, "passed", 0, 0, "", ENOUGH),
    (1, "failed", 0, 0, "", 1),
]
EVENTS = st.tuples(
    st.sampled_from([0, 1, 49, 50, 999, 1_000, 1_001, 2_000, 5_999, 6_000, 60_000, 60_001]),
    st.sampled_from(["ask", "ask", "passed", "passed", "failed", "failed", "woke"]),
    st.sampled_from([0, 0, 0, 1, 1_000, 10_000]),  # how long the reported call took
    st.integers(0, 2),
    st.sampled_from(["", "", "maya", "leo"]),
    st.sampled_from([1, 1, 1, 2, ENOUGH - 1, ENOUGH]),  # how often the event is repeated
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(RECOVERED_THEN_FAILED)
@given(st.lists(EVENTS, min_size=5, max_size=40))
def test_the_script_and_the_containers_own_machine_agree(
    commands: Counted, events: list[tuple[int, Event, int, int, str, int]]
) -> None:
    script, key = Script(circuits._script().source.replace(*MOVED_CLOCK)), f"breaker:{uuid4()}"
    own, now = Circuit(2, 6_000), 1_700_000_000_000
    sent: list[Command] = []
    expected = []
    for passed, event, took, taken_back, name, times in events:
        caller = name if event == "failed" else ""
        for _ in range(times):
            now += passed
            sent.append(clock_at(now * 1000))
            operands = [event, 2, 6_000, took, taken_back, caller]
            sent.append(["EVAL", script.source, 1, key, *operands])
            expected.append(own.note(event, now, took=took, taken_back=taken_back, caller=caller))
    replies = commands.pipeline(sent)[1::2]
    assert [
        (*said, bool(changed), bool(counted)) for *said, changed, counted in replies
    ] == expected
