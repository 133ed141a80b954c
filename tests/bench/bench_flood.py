"""The table of a flood in docs/benchmarks.md."""

import os

from local.environment import read
from local.stack import stack
from tests.bench.flood import flood
from tests.support.people import People

CONTAINERS, REQUESTS, ROUNDS = 50, 80, 5
# With this pause, the flood keeps less than one processor busy.
PAUSE = 0.25
TEXT = """## Flood

{total} requests without a token from one address, {containers} at a time, beside a user who reads
their matches. Each container is a process, which pauses between requests: on Lambda each has a
processor of its own, here all share those of one machine.

| | |
|---|---|
| running processes on each core during the run | {load:.1f} |
| requests admitted by the limits of the address, and answered with 401 | {admitted} |
| requests refused with 429 | {refused} |
| calls to the database | 0 |
| calls to Redis, of each 100 requests | {redis:.0f} |
| median of the other user, beside the flood and alone | {slower:.2f} |
"""


def run() -> str:
    values = read(stack("test"))
    with People(values) as people:
        outcome = flood(
            values,
            people.new(),
            containers=CONTAINERS,
            requests=REQUESTS,
            pause=PAUSE,
            rounds=ROUNDS,
        )
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    total = sum(outcome.statuses.values())
    unexpected = set(outcome.statuses) - {401, 429}
    if unexpected:
        raise SystemExit(f"the flood was also answered with {unexpected}")
    return TEXT.format(
        load=load,
        total=total,
        containers=CONTAINERS,
        admitted=outcome.statuses[401],
        refused=outcome.statuses[429],
        redis=100 * outcome.redis_calls / total,
        slower=outcome.slower,
    )
