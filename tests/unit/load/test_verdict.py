"""A stepped run is saturated when users begin to wait; the report names the bottleneck."""

import math
from collections.abc import Mapping

import pytest

from tests.bench.load.plan import Step
from tests.bench.load.report import line, section
from tests.bench.load.use import FUNCTIONS, OTHERS, Use
from tests.bench.load.verdict import (
    Measured,
    bottleneck,
    highest,
    is_saturated,
    percentile,
    users_at,
)

SECONDS = 10


def measured(
    users: int,
    rate: float,
    seconds: float = 0.1,
    *,
    p99: float | None = None,
    cores: Mapping[str, float] | None = None,
    pool: float = 0,
) -> Measured:
    calls = [seconds] * round(rate * SECONDS)
    slow = len(calls) // 50
    calls[:slow] = [p99 or seconds] * slow
    taken = {"GET /api/likes": calls, "WebSocket: connect": [99.0]}
    return Measured(Step(users, 0, SECONDS), taken, {}, Use(cores or {}, pool, processors=2))


FIRST = measured(4, 4)


@pytest.mark.parametrize(
    ("last", "saturated"),
    [
        pytest.param(measured(8, 8), False, id="twice the users, twice the rate"),
        pytest.param(measured(8, 7.5), False, id="a little less"),
        pytest.param(measured(8, 6), True, id="the rate falls behind"),
        pytest.param(measured(8, 8, p99=0.5), False, id="a higher p99"),
        pytest.param(measured(8, 8, p99=1), True, id="a steep p99"),
        pytest.param(measured(8, 8, 0.7), True, id="all are slow"),
        pytest.param(measured(8, 0), True, id="no answer at all"),
    ],
)
def test_a_step_saturates_when_its_users_wait(last: Measured, saturated: bool) -> None:
    assert is_saturated([FIRST, last]) is saturated


def test_the_first_step_is_the_baseline_and_never_saturated() -> None:
    assert not is_saturated([measured(4, 0.1, 20)])


def test_the_highest_rate_counts_although_a_later_step_has_more_users() -> None:
    steps = [FIRST, measured(8, 8), measured(16, 7)]

    assert highest(steps).step.users == 8


def test_the_users_for_a_share_of_the_highest_rate_follow_from_a_calm_step() -> None:
    calm, full, over = measured(4, 4), measured(16, 12), measured(32, 11)

    # 80 % of 12 calls a second; a user who does not have to wait makes one call a second.
    assert users_at(0.8, [calm, full, over]) == 10
    assert users_at(0.01, [calm]) == 1


@pytest.mark.parametrize(
    ("step", "words"),
    [
        pytest.param(measured(8, 8, cores={"edge": 0.95}), "thread of `edge`", id="the edge"),
        pytest.param(
            measured(8, 8, cores={"ministack": 0.97, FUNCTIONS: 1.0}),
            "thread of `ministack`",
            id="the emulator, although the machine is full",
        ),
        pytest.param(
            measured(8, 8, cores={FUNCTIONS: 1.4, "edge": 0.3, OTHERS: 0.2}),
            "CPU of the machine (1.9 of 2 cores, 1.4 of them functions and 0.2 other work)",
            id="the machine",
        ),
        pytest.param(measured(8, 8, 1.0), "8 requests through", id="the turns of the edge"),
        pytest.param(measured(8, 8, pool=19), "pool of 20", id="PostgREST's pool"),
        pytest.param(measured(8, 8), "nothing that was measured", id="nothing"),
    ],
)
def test_the_bottleneck_is_named(
    step: Measured, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.bench.load.verdict.CONCURRENCY", 8)

    assert words in bottleneck(step)


def test_requests_in_progress_are_their_rate_times_their_duration() -> None:
    assert math.isclose(measured(8, 20, 0.3).in_flight, 6)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1, 100), (0.001, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: int) -> None:
    assert percentile(range(1, 101), share) == expected


def test_the_report_has_a_row_for_each_step_and_call_and_counts_errors() -> None:
    soak = Measured(FIRST.step, FIRST.taken, {"GET /api/likes: 500": 3}, FIRST.use)

    text = section(0.05, [FIRST, measured(8, 8)], saturated=False, soak=soak)

    assert "| 4 | 4.0 | 2.0 | 2 |" in text
    assert "| 8 | 8.0 | 2.0 | 2 |" in text
    assert "| GET /api/likes | 4.00 | 2.0 | 2 |" in text
    assert "| WebSocket: connect | 0.10 |" in text
    assert "4.0\nrequests a second, 3 errors." in text
    assert "these did not saturate it" in text
    assert "3 errors" in line(soak)
