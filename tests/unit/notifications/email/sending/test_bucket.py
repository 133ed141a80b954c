"""While Redis is unavailable, each container keeps to its share of the provider's limit."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.template import template
from wingman.kit.clients.commands import Command, Commands, RedisError
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.email.sending.bucket import FIRST_RATE, SENDERS, SPACING, RedisBucket
from wingman.notifications.models import Priority

ALL_DAY = 86_400.0
INTERVAL = SENDERS * SPACING / FIRST_RATE


class Away(Commands):
    """A Redis that can be stopped; it grants everything while it runs."""

    def __init__(self, *, stopped: bool = True) -> None:
        self.stopped = stopped
        self.calls = 0
        self.rate = FIRST_RATE

    def run(self, *command: object) -> Any:
        self.calls += 1
        if self.stopped:
            raise DependencyUnavailable("redis")
        return [1, 0, self.rate]

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        raise NotImplementedError


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def requests_of_one_container(redis: Away, seconds: float) -> list[float]:
    """Send as often as the bucket allows; return the time of each request."""
    clock = Clock()
    bucket, moments = RedisBucket(redis, clock=clock), list[float]()
    while clock.now < 1000 + seconds:
        slot = bucket.reserve(Priority.URGENT, ALL_DAY)
        assert slot.granted
        clock.now += slot.seconds
        moments.append(clock.now)
    return moments


def test_a_container_keeps_to_its_share() -> None:
    moments = requests_of_one_container(Away(), 120)

    gaps = [after - before for before, after in pairwise(moments)]
    assert min(gaps) > INTERVAL - 1e-6
    assert sum(gaps) / len(gaps) < INTERVAL + 1e-6


def test_all_containers_together_stay_below_the_limit_from_the_first_second() -> None:
    moments = sorted(
        moment for _ in range(SENDERS) for moment in requests_of_one_container(Away(), 60)
    )

    for start in moments:
        assert sum(start <= moment < start + INTERVAL - 1e-6 for moment in moments) <= SENDERS


def test_containers_do_not_start_all_at_once() -> None:
    first = [requests_of_one_container(Away(), 1)[0] for _ in range(50)]

    assert max(first) - min(first) > INTERVAL / 3


def test_a_share_follows_the_learned_limit() -> None:
    redis, clock = Away(stopped=False), Clock()
    bucket = RedisBucket(redis, clock=clock)
    bucket.learn(per_second=10, hold=0)
    redis.stopped = True

    slots = [bucket.reserve(Priority.BULK, ALL_DAY) for _ in range(2)]

    assert slots[1].seconds - slots[0].seconds == pytest.approx(SENDERS * SPACING / 10)


def test_without_patience_nothing_is_reserved() -> None:
    bucket = RedisBucket(Away(), clock=Clock())
    bucket.reserve(Priority.URGENT, ALL_DAY)

    refused = [bucket.reserve(Priority.URGENT, 0.1) for _ in range(3)]

    assert {slot.granted for slot in refused} == {False}
    assert len({slot.seconds for slot in refused}) == 1


def test_redis_is_asked_again_every_five_seconds() -> None:
    redis, clock = Away(), Clock()
    bucket = RedisBucket(redis, clock=clock)
    for _ in range(10):
        bucket.reserve(Priority.URGENT, ALL_DAY)
    assert redis.calls == 1

    redis.stopped = False
    clock.now += 5.1

    assert bucket.reserve(Priority.URGENT, 0).granted
    assert redis.calls == 2


def test_a_known_limit_is_not_written_to_redis() -> None:
    redis = Away(stopped=False)
    bucket = RedisBucket(redis, clock=Clock())
    bucket.learn(per_second=10, hold=0)
    redis.rate = 10

    for _ in range(5):
        bucket.learn(per_second=10, hold=0)
        bucket.learn(per_second=None, hold=0)

    assert redis.calls == 1


@given(st.integers(0, 10**9))
def test_an_absurd_limit_leaves_a_sensible_rate(per_second: int) -> None:
    bucket = RedisBucket(Away(), clock=Clock())

    bucket.learn(per_second=per_second, hold=0)

    assert 1 <= bucket._per_second <= 1000


def test_a_redis_that_refuses_counts_as_unavailable() -> None:
    class Refusing(Away):
        def run(self, *command: object) -> Any:
            raise RedisError("OOM command not allowed")

    assert RedisBucket(Refusing()).reserve(Priority.URGENT, ALL_DAY).granted


def test_the_share_counts_every_container_that_the_template_allows() -> None:
    sender = template()["Resources"]["EmailSenderFunction"]["Properties"]
    lanes = [event["Properties"]["ScalingConfig"] for event in sender["Events"].values()]
    most = [
        template()["Parameters"][lane["MaximumConcurrency"]["Ref"]]["MaxValue"] for lane in lanes
    ]

    assert sum(most) == SENDERS
