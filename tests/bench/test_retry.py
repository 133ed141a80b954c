"""Our retries against a failing server; docs/benchmarks.md compares them with botocore's."""

from collections.abc import Callable

import pytest

from tests.bench.retries import DEADLINE, FailingServer, Ours, late_attempts, storm, times_done
from tests.support.functions import Function

Load = Callable[..., Function]


@pytest.mark.parametrize("containers", [False, True])
def test_a_storm_of_two_hundred_callers_is_hardly_multiplied(
    stack: dict[str, str], function: Load, *, containers: bool
) -> None:
    function("docs")  # for its environment
    ours, without_breaker, botocore = storm(stack["REDIS_URL"], 200, containers=containers)
    assert ours <= min(1.2, botocore)
    assert containers or without_breaker <= 1.2  # in one container the budget alone does it


@pytest.mark.parametrize(("seconds", "attempts"), [(0.4, 2), (3.0, 1)])
def test_nothing_runs_past_the_deadline(function: Load, seconds: float, attempts: int) -> None:
    function("docs")
    with FailingServer(seconds=seconds) as server:
        late, deadlines = late_attempts(Ours(server.url), server)
    assert len(server.began) == attempts
    assert late == 0
    assert deadlines <= 1 + 0.05 / DEADLINE  # a busy machine's slack


def test_a_call_whose_answer_is_lost_is_not_done_again(
    stack: dict[str, str], function: Load
) -> None:
    function("docs")
    ours, botocore = times_done(stack["REDIS_URL"])
    assert ours == 1 < botocore
