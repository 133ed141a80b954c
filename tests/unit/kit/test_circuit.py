"""The state machine of a circuit, with explicit times in milliseconds."""

from wingman.kit.resilience.circuit import ENOUGH, STALL, WINDOW, Circuit, May, State

OPEN_FOR = 60_000


def opened(threshold: int = 3) -> Circuit:
    circuit = Circuit(threshold, OPEN_FOR)
    for _ in range(threshold):
        circuit.note("failed", 0)
    return circuit


def half_opened() -> Circuit:
    circuit = opened()
    circuit.note("woke", 5_000)
    return circuit


def test_consecutive_failures_open_the_circuit() -> None:
    circuit = Circuit(3, OPEN_FOR)
    answers = [circuit.note("failed", moment) for moment in (0, 10, 20)]
    assert [answer.state for answer in answers] == [State.CLOSED, State.CLOSED, State.OPEN]
    assert [answer.changed for answer in answers] == [False, False, True]


def test_a_success_cancels_the_failures_of_its_own_container() -> None:
    circuit = Circuit(3, OPEN_FOR)
    circuit.note("failed", 0)
    circuit.note("failed", 1)
    circuit.note("passed", 2, taken_back=1)
    assert circuit.note("failed", 3).state is State.CLOSED
    assert circuit.note("failed", 4).state is State.OPEN


def test_old_failures_are_forgotten() -> None:
    circuit = Circuit(2, OPEN_FOR)
    circuit.note("failed", 0)
    assert circuit.note("failed", WINDOW + 1).state is State.CLOSED
    assert circuit.note("failed", WINDOW + 2).state is State.OPEN


def test_an_open_circuit_admits_one_probe_per_second_and_no_call() -> None:
    circuit = opened()
    moments = range(0, 5_000, 100)
    allowed = [(now, circuit.note("ask", now).may) for now in moments]
    assert [now for now, may in allowed if may is May.PROBE] == [1_000, 2_000, 3_000, 4_000]
    assert May.GO not in dict(allowed).values()


def test_a_refusal_states_the_time_until_the_next_probe() -> None:
    assert opened().note("ask", 400).wait == 600


def test_an_open_circuit_admits_a_call_when_its_time_is_over() -> None:
    circuit = opened()
    assert circuit.note("ask", OPEN_FOR).may is May.GO
    assert circuit.state is State.HALF_OPEN


def test_a_half_open_circuit_admits_a_growing_number_of_calls() -> None:
    circuit = half_opened()  # one call is in progress
    admitted = []
    for _ in range(4):
        before = circuit.admitted
        while circuit.note("ask", 5_001).may is May.GO and circuit.admitted < 100:
            pass
        admitted.append(circuit.admitted - before)
        for _ in range(max(1, admitted[-1])):
            circuit.note("passed", 5_001)
    assert admitted == [0, 2, 4, 8]
    assert circuit.state is State.CLOSED


def test_a_failed_trial_reopens_the_circuit_and_doubles_the_gap() -> None:
    circuit = half_opened()
    circuit.note("failed", 5_010)
    assert circuit.state is State.OPEN
    probes = [now for now in range(5_010, 12_000, 10) if circuit.note("ask", now).may is May.PROBE]
    assert probes == [7_010, 9_010, 11_010]


def test_a_call_that_began_before_the_trial_does_not_count() -> None:
    circuit = half_opened()
    assert circuit.note("failed", 5_100, took=4_000).state is State.HALF_OPEN
    for _ in range(ENOUGH + 5):
        circuit.note("passed", 5_100, took=4_000)
    assert circuit.state is State.HALF_OPEN


def test_a_half_open_circuit_does_not_wait_for_a_call_that_never_returns() -> None:
    circuit = half_opened()
    assert circuit.note("ask", 5_000 + STALL - 1).may is May.WAIT
    assert circuit.note("ask", 5_000 + STALL).may is May.GO


def test_a_late_failure_does_not_open_a_circuit_that_has_recovered() -> None:
    circuit = half_opened()
    for _ in range(ENOUGH):
        circuit.note("passed", 5_100)
    for _ in range(5):
        circuit.note("failed", 8_000, took=7_000)
    assert circuit.state is State.CLOSED


def test_a_successful_call_half_opens_the_circuit_like_a_probe() -> None:
    circuit = opened()
    assert circuit.note("passed", 500, took=900).state is State.OPEN  # it began before
    assert circuit.note("passed", 1_500, took=100).state is State.HALF_OPEN
