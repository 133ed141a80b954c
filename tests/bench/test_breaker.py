"""Our breaker in an outage; docs/benchmarks.md compares it with Powertools'."""

from collections.abc import Callable

import pytest

from tests.bench import own_breaker, powertools_breaker
from tests.bench.outage import Plan
from tests.support.functions import Function
from wingman.kit.clients.dependencies import SUPABASE

THRESHOLD = SUPABASE.failures
Load = Callable[..., Function]


@pytest.mark.parametrize("fails_after", [0.02, 1.0])
@pytest.mark.parametrize("containers", [1, 40])
def test_no_call_that_began_after_the_circuit_opened_passes(
    stack: dict[str, str], function: Load, containers: int, fails_after: float
) -> None:
    function("docs")  # for its environment
    plan = Plan(containers, dead_from=1.0, dead_for=4.5, fails_after=fails_after, quiet_for=1.0)
    outage = own_breaker.live_through(plan, stack["REDIS_URL"])
    assert THRESHOLD <= outage.failing <= THRESHOLD + outage.in_flight
    assert outage.in_flight < containers
    assert outage.looks <= plan.dead_for  # one a second, whatever the number of containers
    assert outage.refused <= 2 * plan.rate * containers  # two seconds of requests


def test_fewer_requests_fail_or_are_refused_than_with_powertools_breaker(
    stack: dict[str, str], function: Load
) -> None:
    function("docs")
    plan = Plan(containers=10, dead_from=1.0, quiet_for=1.0)
    alike = {"failure_threshold": THRESHOLD, "recovery_timeout": 60}
    ours = own_breaker.live_through(plan, stack["REDIS_URL"])
    theirs = powertools_breaker.live_through(plan, alike)
    assert ours.failing < theirs.failing
    assert ours.refused < theirs.refused
