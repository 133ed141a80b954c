"""Our limiter compared with upstash-ratelimit; the whole table is in docs/benchmarks.md."""

from collections.abc import Callable

import pytest

from tests.bench.limiters import ROOMY, Ours, Theirs, round_trips, times_faster
from tests.support.functions import Function

Pair = tuple[Ours, Theirs]
THREE = (ROOMY, ROOMY, ROOMY)


@pytest.fixture
def pair(stack: dict[str, str], function: Callable[..., Function]) -> Pair:
    """Both, warm, with the limits of a request: user, IP, everyone."""
    function("docs")  # for its environment
    ours, theirs = Ours(*THREE), Theirs(stack, *THREE)
    assert ours.check("warm")
    assert theirs.check("warm")
    return ours, theirs


def test_a_request_under_three_limits_takes_a_third_of_the_round_trips(pair: Pair) -> None:
    counts = []
    for limiter in pair:
        with round_trips() as seen:
            assert limiter.check("user")
        counts.append(len(seen))
    assert counts == [1, 3]


@pytest.mark.alone
def test_checks_a_second_are_two_and_a_half_times_as_many(pair: Pair) -> None:
    ours, theirs = pair
    tries = (times_faster(ours.check, theirs.check, rounds=15, requests=30) for _ in range(3))
    assert any(ratio >= 2.5 for ratio in tries)  # a busy machine's slack


def test_a_flood_of_an_empty_bucket_is_answered_without_redis(
    stack: dict[str, str], function: Callable[..., Function]
) -> None:
    function("docs")
    limiter = Ours(5, ROOMY, ROOMY, interval=60.0)
    with round_trips() as seen:
        passed = [limiter.check("user") for _ in range(1000)]
    assert sum(passed) == 5
    assert len(seen) <= 50
