"""The buckets that a container uses while Redis is unavailable."""

from hypothesis import example, given
from hypothesis import strategies as st

from wingman.kit.limits import memory as ratelimit_memory
from wingman.kit.limits.memory import LocalBuckets
from wingman.kit.limits.policy import Policy
from wingman.notifications.email.limits import EMAIL

SMALL = Policy("small", 2, 10.0, "user")
LARGE = Policy("large", 5, 1.0, "ip")


def test_a_bucket_holds_its_capacity_and_refills() -> None:
    buckets = LocalBuckets()
    taken = [buckets.take({"a": SMALL}, 0.0)[0] for _ in range(3)]
    assert [verdict.allowed for verdict in taken] == [True, True, False]
    assert [verdict.remaining for verdict in taken] == [1, 0, 0]
    assert taken[2].retry_after_seconds == 10
    assert not buckets.take({"a": SMALL}, 9.9)[0].allowed
    assert buckets.take({"a": SMALL}, 10.0)[0].allowed


@example(0.004)  # would lose a token to floating-point error
@given(st.integers(0, 10_000_000).map(lambda millis: millis / 1000))
def test_a_full_bucket_serves_its_whole_capacity_at_any_moment(now: float) -> None:
    buckets = LocalBuckets()
    buckets.take({"a": EMAIL}, now)
    buckets.give_back({"a": EMAIL})
    taken = [buckets.take({"a": EMAIL}, now)[0] for _ in range(3)]
    assert [(verdict.allowed, verdict.remaining) for verdict in taken] == [
        (True, 2),
        (True, 1),
        (True, 0),
    ]


def test_a_refusal_charges_no_bucket() -> None:
    buckets = LocalBuckets()
    for _ in range(2):
        buckets.take({"a": SMALL, "b": LARGE}, 0.0)
    for _ in range(10):
        small, large = buckets.take({"a": SMALL, "b": LARGE}, 0.0)
        assert (small.allowed, large.allowed) == (False, True)
        assert large.remaining == 3


def test_memory_is_bounded() -> None:
    buckets = LocalBuckets()
    for number in range(ratelimit_memory.MAX_KEYS * 2 + 1):
        buckets.take({str(number): SMALL}, 0.0)
    assert len(buckets.full_at) <= ratelimit_memory.MAX_KEYS


@given(st.lists(st.floats(0, 100), max_size=60))
def test_no_interval_admits_more_than_capacity_and_refill(moments: list[float]) -> None:
    buckets = LocalBuckets()
    passed = [now for now in sorted(moments) if buckets.take({"a": SMALL}, now)[0].allowed]
    for start, first in enumerate(passed):
        for count, last in enumerate(passed[start:], start=1):
            assert count <= SMALL.capacity + (last - first) / SMALL.seconds_per_token + 1e-6


def test_a_refund_never_exceeds_the_capacity() -> None:
    buckets = LocalBuckets()
    buckets.give_back({"a": SMALL})
    buckets.take({"a": SMALL}, 0.0, cost=2)
    buckets.give_back({"a": SMALL}, cost=2)
    taken = [buckets.take({"a": SMALL}, 0.0)[0].allowed for _ in range(3)]
    assert taken == [True, True, False]
