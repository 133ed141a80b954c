"""Token buckets against real Redis."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from wingman.kit.ratelimit import Limiter, LocalBuckets, Policy, Verdict
from wingman.kit.redis import Commands, redis

# Slow enough that nothing refills while a test runs.
HUNDRED = Policy("hundred", 100, 3600.0, "user")
TWO = Policy("two", 2, 3600.0, "user")
FIVE = Policy("five", 5, 3600.0, "ip")
QUICK = Policy("quick", 1, 1.2, "user")


class Counted(Commands):
    """Counts the commands on their way to Redis."""

    def __init__(self, inner: Commands) -> None:
        self._inner = inner
        self.names: list[str] = []

    def run(self, *command: object) -> Any:
        self.names.append(str(command[0]))
        return self._inner.run(*command)


@pytest.fixture
def commands(function: Callable[..., Function]) -> Counted:
    function("docs")  # for its environment
    return Counted(redis())


def keys(*policies: Policy) -> dict[str, Policy]:
    subject = str(uuid4())
    return {policy.key(subject): policy for policy in policies}


def test_two_hundred_at_once_on_a_bucket_of_a_hundred(commands: Counted) -> None:
    bucket, barrier = keys(HUNDRED), threading.Barrier(20)

    def take_ten(_: int) -> list[Verdict]:
        limiter = Limiter(commands)
        barrier.wait()
        return [limiter.take(bucket)[0] for _ in range(10)]

    with ThreadPoolExecutor(20) as pool:
        verdicts = [verdict for ten in pool.map(take_ten, range(20)) for verdict in ten]
    assert sum(verdict.allowed for verdict in verdicts) == 100


def test_a_refusal_charges_no_bucket(commands: Counted) -> None:
    limiter, buckets = Limiter(commands), keys(TWO, FIVE)
    for _ in range(2):
        limiter.take(buckets)
    for _ in range(10):
        two, five = limiter.take(buckets)
        assert (two.allowed, five.allowed) == (False, True)
        assert (two.remaining, five.remaining) == (0, 3)


def test_any_number_of_policies_is_one_command(commands: Counted) -> None:
    limiter = Limiter(commands)
    limiter.take(keys(TWO, FIVE, HUNDRED))
    commands.names.clear()
    limiter.take(keys(TWO, FIVE, HUNDRED))
    assert commands.names == ["EVALSHA"]


def test_a_redis_that_forgot_the_script_is_told_again(commands: Counted) -> None:
    limiter = Limiter(commands)
    limiter.take(keys(TWO))
    commands.run("SCRIPT", "FLUSH")
    commands.names.clear()
    assert limiter.take(keys(TWO))[0].allowed
    assert commands.names == ["EVALSHA", "EVAL"]


def test_waiting_as_told_makes_the_next_one_pass(commands: Counted) -> None:
    limiter, bucket = Limiter(commands), keys(QUICK)
    limiter.take(bucket)
    refusal = limiter.take(bucket)[0]
    assert not refusal.allowed
    time.sleep(refusal.retry_after_seconds)
    assert limiter.take(bucket)[0].allowed


def test_the_script_and_the_containers_own_buckets_agree(commands: Counted) -> None:
    remote, local, buckets = Limiter(commands), LocalBuckets(), keys(TWO, FIVE)
    for _ in range(4):
        asked, own = remote.take(buckets), local.take(buckets, 1000.0)
        assert [(v.allowed, v.remaining) for v in asked] == [(v.allowed, v.remaining) for v in own]


def test_an_idle_bucket_leaves_nothing_behind(commands: Counted) -> None:
    bucket = keys(QUICK)
    Limiter(commands).take(bucket)
    assert 0 < commands.run("PTTL", next(iter(bucket))) <= 1201
