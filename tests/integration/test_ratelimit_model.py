"""The script against a textbook token bucket, request by request, under a clock that is moved."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.functions import Function
from tests.support.redis import MOVED_CLOCK, clock_at
from wingman.kit.clients.lua import Script
from wingman.kit.clients.redis import redis
from wingman.kit.limits import limiter as ratelimit
from wingman.kit.limits.limiter import Limiter
from wingman.kit.limits.policy import Policy

POLICIES = [
    Policy("small", 2, 20.0, "user"),
    Policy("busy", 12, 2.0, "user", surge=True),
    Policy("middle", 5, 10.0, "ip"),
    Policy("large", 20, 6.0, "global"),
    Policy("watching", 3, 30.0, "user", shadow=True),
]
BUSY, LARGE = 1, 3


@dataclass
class Bucket:
    """A token bucket in exact arithmetic."""

    policy: Policy
    tokens: Fraction = field(init=False)
    at: int = 0

    def __post_init__(self) -> None:
        self.tokens = Fraction(self.policy.capacity)

    def refill(self, now: int) -> None:
        gained = Fraction(now - self.at, round(self.policy.seconds_per_token * 1_000_000))
        self.tokens, self.at = min(self.tokens + gained, Fraction(self.policy.capacity)), now

    def wait_ms(self, cost: int) -> Fraction:
        missing = max(Fraction(0), cost - self.tokens)
        return missing * Fraction(round(self.policy.seconds_per_token * 1000))


def price(buckets: list[Bucket]) -> int:
    """Return what a request costs while the global bucket is this empty."""
    used = [1 - bucket.tokens / bucket.policy.capacity for bucket in buckets if is_load(bucket)]
    return int(2 ** max(0, 10 * max(used, default=Fraction(0)) // 1 - 5))


def is_load(bucket: Bucket) -> bool:
    return bucket.policy.scope == "global"


def expected(buckets: list[Bucket], now: int, cost: int) -> list[tuple[bool, int, int]]:
    for bucket in buckets:
        bucket.refill(now)
    dear = price(buckets) * cost
    costs = [min(dear, b.policy.capacity) if b.policy.surge else cost for b in buckets]
    fits = [bucket.tokens >= own for bucket, own in zip(buckets, costs, strict=True)]
    waits = [-int(-b.wait_ms(own) // 1) for b, own in zip(buckets, costs, strict=True)]
    if all(fit or bucket.policy.shadow for fit, bucket in zip(fits, buckets, strict=True)):
        for fit, bucket, own in zip(fits, buckets, costs, strict=True):
            bucket.tokens -= own if fit else 0
    left = [int(bucket.tokens) for bucket in buckets]
    return list(zip(fits, left, waits, strict=True))


@pytest.fixture
def moved_clock(function: Callable[..., Function], monkeypatch: pytest.MonkeyPatch) -> None:
    function("docs")  # for its environment
    script = Script(ratelimit._script().source.replace(*MOVED_CLOCK))
    monkeypatch.setattr(ratelimit, "_script", lambda *_: script)


REQUEST = st.tuples(
    st.one_of(st.just(0), st.integers(1, 60_000_000)),  # microseconds since the last one
    st.integers(1, 3),
    st.sets(st.integers(0, len(POLICIES) - 1), min_size=1),
)


@pytest.mark.usefixtures("moved_clock")
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example([(0, 2, {LARGE})] * 7 + [(0, 1, {BUSY, LARGE})] * 4)  # at 14 of 20, a request costs more
@given(st.lists(REQUEST, min_size=1, max_size=40))
def test_every_verdict_equals_that_of_the_model(requests: list[tuple[int, int, set[int]]]) -> None:
    subject, now = str(uuid4()), 1_000_000_000_000_000
    model = [Bucket(policy, at=now) for policy in POLICIES]
    for passed, cost, concerned in requests:
        now += passed
        redis().run(*clock_at(now))
        buckets = {POLICIES[i].key(subject): POLICIES[i] for i in concerned}
        verdicts = Limiter(redis()).take(buckets, cost=cost)
        found = [(v.allowed, v.remaining, v.fits_in_ms) for v in verdicts]
        assert found == expected([model[i] for i in concerned], now, cost)
