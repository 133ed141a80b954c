"""The table of our limiter beside upstash-ratelimit in docs/benchmarks.md."""

import time

from tests.bench.container import container
from tests.bench.limiters import ROOMY, Ours, Theirs, round_trips, times_faster

Contender = Ours | Theirs
TEXT = """## Limiter

Ours beside upstash-ratelimit 1.2 (token buckets, asked one after the other), taking turns in one
run: one Redis, one HTTP front, one connection each. A request is checked against its user's, its
IP's and everyone's bucket.

| | ours | upstash-ratelimit |
|---|---|---|
| requests checked in the same time | {faster:.1f} | 1 |
| round trips of a request under 3 limits | {three[0]} | {three[1]} |
| round trips of a request under 5 limits | {five[0]} | {five[1]} |
| of 2000 requests on an empty bucket, answered without Redis | {flood[0]:.1%} | {flood[1]:.1%} |
| tokens that 100 requests lost which the third limit refused | {charged[0]} | {charged[1]} |
| of tokens shared with a container 30 s ahead, another got | {ahead[0]:.0%} | {ahead[1]:.0%} |
"""


def run() -> str:
    with container() as environment:

        def both(*capacities: int, interval: float = 1.0) -> tuple[Ours, Theirs]:
            return (
                Ours(*capacities, interval=interval),
                Theirs(environment, *capacities, interval=interval),
            )

        ours, theirs = both(ROOMY, ROOMY, ROOMY)
        return TEXT.format(
            faster=times_faster(ours.check, theirs.check, rounds=31, requests=100),
            three=[_trips(each) for each in (ours, theirs)],
            five=[_trips(each) for each in both(*[ROOMY] * 5)],
            flood=[_answered_alone(each) for each in both(5, ROOMY, ROOMY, interval=60.0)],
            charged=[_charged(each) for each in both(ROOMY, ROOMY, 1, interval=3600.0)],
            ahead=[_got_beside_one_ahead(each) for each in both(10, ROOMY, ROOMY, interval=0.1)],
        )


def _trips(limiter: Contender) -> int:
    limiter.check("warm")
    with round_trips() as seen:
        limiter.check("user")
    return len(seen)


def _answered_alone(limiter: Contender) -> float:
    while limiter.check("user"):
        pass
    with round_trips() as seen:
        for _ in range(2000):
            limiter.check("user")
    return 1 - len(seen) / 2000


def _charged(limiter: Contender) -> int:
    limiter.check("user")
    before = sum(limiter.left("user"))
    for _ in range(100):
        limiter.another_container().check("user")
    return before - sum(limiter.left("user"))


def _got_beside_one_ahead(limiter: Contender) -> float:
    """Return the share of tokens that a container gets in 5 s beside one whose clock is 30 s ahead.

    Both want more tokens than there are, and take turns in asking first.
    """
    got = {0.0: 0, 30.0: 0}
    containers = [(limiter, 0.0), (limiter.another_container(), 30.0)]
    while limiter.check("user"):
        pass
    began = time.monotonic()
    while time.monotonic() - began < 5:
        for container_, ahead in containers:
            got[ahead] += container_.check("user", ahead=ahead)
        containers.reverse()
        time.sleep(0.01)
    return got[0.0] / sum(got.values())
