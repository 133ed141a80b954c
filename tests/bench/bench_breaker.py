"""The table of a dead dependency under our breaker and Powertools' in docs/benchmarks.md."""

from collections.abc import Callable, Sequence
from functools import partial
from statistics import mean

from tests.bench import own_breaker, powertools_breaker
from tests.bench.container import container
from tests.bench.outage import Outage, Plan

CONTAINERS = (1, 10, 50, 200)
# An outage may end anywhere between two probes, so the figures are means of two lengths.
LENGTHS = (30.0, 30.5)
ALIKE = {"failure_threshold": 5, "recovery_timeout": 60}
EAGER = {"failure_threshold": 5, "recovery_timeout": 1, "local_cache_max_age": 1}

TEXT = """## Breaker

A dependency is dead for 30 s under containers with 20 requests a second each. A call takes 20 ms,
also to fail. One run, one simulated clock: ours on real Redis, whose scripts read that clock where
they read `TIME`; Powertools' on moto's DynamoDB. Stores answer at once. All open after 5 failures,
for 60 s; *eager* is Powertools' set to retry every second and to trust what it read for one.
Means of an outage of 30 and one of 30.5 s.

Calls that failed; "under way" are ours that had begun when the fifth failed:

| containers | ours | of them under way | Powertools' | eager |
|---|---|---|---|---|
{failing}

Requests refused although the dependency was back:

| containers | ours | Powertools' | eager |
|---|---|---|---|
{refused}

Ours also probed the dependency once a second: {looks} calls at most. A worker asks no limiter, so
it finds an open circuit by a call that fails: in 200 such containers {workers.failing} calls fail,
and {workers.refused} requests are refused.
"""


def run() -> str:
    with container() as environment:
        url = environment["REDIS_URL"]
        cases = {str(number): Plan(number) for number in CONTAINERS}
        cases["50, a failure takes 1 s"] = Plan(50, fails_after=1.0)
        workers = own_breaker.live_through(Plan(200), url, limited=False)
        found = {name: _outages(plan, url) for name, plan in cases.items()}
    return TEXT.format(
        failing="\n".join(
            _row(
                name, _failing(ours), _mean([each.in_flight for each in ours]), *map(_failing, rest)
            )
            for name, (ours, *rest) in found.items()
        ),
        refused="\n".join(_row(name, *map(_refused, all_)) for name, all_ in found.items()),
        workers=workers,
        looks=max(each.looks for ours, *_ in found.values() for each in ours),
    )


def _outages(plan: Plan, redis_url: str) -> list[list[Outage]]:
    contenders: list[Callable[[Plan], Outage]] = [
        partial(own_breaker.live_through, redis_url=redis_url),
        partial(powertools_breaker.live_through, config=ALIKE),
        partial(powertools_breaker.live_through, config=EAGER),
    ]
    return [
        [live_through(plan.lasting(seconds)) for seconds in LENGTHS] for live_through in contenders
    ]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _failing(outages: Sequence[Outage]) -> str:
    return _mean([outage.failing for outage in outages])


def _refused(outages: Sequence[Outage]) -> str:
    return _mean([outage.refused for outage in outages])


def _mean(counts: Sequence[int]) -> str:
    return f"{mean(counts):.0f}"
