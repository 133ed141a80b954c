"""Token buckets against real Redis."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.redis import ClockedCommands, Counted, DirectCommands, clock_ahead
from wingman.kit.clients.redis import redis
from wingman.kit.limits.limiter import Limiter
from wingman.kit.limits.memory import LocalBuckets
from wingman.kit.limits.policy import Policy, Verdict

# Slow enough that nothing refills while a test runs.
HUNDRED = Policy("hundred", 100, 3600.0, "user")
TWO = Policy("two", 2, 3600.0, "user")
FIVE = Policy("five", 5, 3600.0, "ip")
WATCHING = Policy("watching", 1, 3600.0, "user", shadow=True)
QUICK = Policy("quick", 1, 1.2, "user")
DEARER = Policy("dearer", 100, 3600.0, "ip", surge=True)
ALL = Policy("all", 11, 3600.0, "global")


@pytest.fixture
def commands(function: Callable[..., Function]) -> Counted:
    function("docs")  # for its environment
    return Counted(redis())


def keys(*policies: Policy) -> dict[str, Policy]:
    subject = str(uuid4())
    return {policy.key(subject): policy for policy in policies}


def test_two_hundred_simultaneous_requests_share_a_bucket_of_a_hundred(
    stack: dict[str, str],
) -> None:
    bucket, together = keys(HUNDRED), threading.Barrier(200)

    def take_one(_: int) -> Verdict:
        connection = DirectCommands(stack["REDIS_URL"])
        connection.run("PING")  # connects each container before any asks
        limiter = Limiter(connection)
        together.wait(30)
        return limiter.take(bucket)[0]

    with ThreadPoolExecutor(200) as containers:
        verdicts = list(containers.map(take_one, range(200)))
    assert sum(verdict.allowed for verdict in verdicts) == HUNDRED.capacity


def test_a_refusal_charges_no_bucket(commands: Counted) -> None:
    buckets = keys(TWO, FIVE)
    for _ in range(2):
        Limiter(commands).take(buckets)
    for _ in range(10):
        two, five = Limiter(commands).take(buckets)  # a new container, without remembered refusals
        assert (two.allowed, five.allowed) == (False, True)
        assert (two.remaining, five.remaining) == (0, 3)


def test_a_weighted_request_takes_all_its_tokens_or_none(commands: Counted) -> None:
    bucket = keys(FIVE)
    left = [Limiter(commands).take(bucket, cost=cost)[0].remaining for cost in (3, 3, 1, 2, 1)]
    assert left == [2, 2, 1, 1, 0]


def test_a_policy_in_shadow_mode_refuses_no_request(commands: Counted) -> None:
    limiter, buckets = Limiter(commands), keys(WATCHING, FIVE)
    limiter.take(buckets)
    watching, five = limiter.take(buckets)
    assert (watching.allowed, watching.refuses) == (False, False)
    assert five.remaining == 3


def test_looking_charges_nothing(commands: Counted) -> None:
    bucket = keys(TWO)
    looks = [Limiter(commands).take(bucket, cost=0)[0] for _ in range(3)]
    assert [(look.allowed, look.remaining) for look in looks] == [(True, 2)] * 3
    assert commands.run("EXISTS", *bucket) == 0


def test_any_number_of_policies_is_one_command(commands: Counted) -> None:
    limiter = Limiter(commands)
    limiter.take(keys(TWO, FIVE, HUNDRED, QUICK, WATCHING))
    commands.names.clear()
    limiter.take(keys(TWO, FIVE, HUNDRED, QUICK, WATCHING))
    assert commands.names == ["EVALSHA"]


def test_a_redis_without_the_script_gets_it_again(commands: Counted) -> None:
    limiter = Limiter(commands)
    limiter.take(keys(TWO))
    commands.run("SCRIPT", "FLUSH")
    commands.names.clear()
    assert limiter.take(keys(TWO))[0].allowed
    assert commands.names[-1] == "EVAL"


def test_a_flood_of_one_key_hardly_reaches_redis(commands: Counted) -> None:
    limiter, bucket = Limiter(commands), keys(QUICK)
    commands.names.clear()
    verdicts = [limiter.take(bucket)[0] for _ in range(1000)]
    assert sum(verdict.allowed for verdict in verdicts) <= 2
    assert len(commands.names) <= 50


def test_a_known_refusal_counts_down(commands: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    limiter, buckets = Limiter(commands), keys(QUICK, FIVE)
    limiter.take(buckets)
    first, _ = limiter.take(buckets)
    clock_ahead(monkeypatch, 0.3)
    then, five = limiter.take(buckets)
    assert 300 <= first.fits_in_ms - then.fits_in_ms <= 900
    assert five.remaining == 4


def test_a_known_refusal_of_many_tokens_does_not_refuse_few(commands: Counted) -> None:
    limiter, bucket = Limiter(commands), keys(TWO)
    limiter.take(bucket)
    assert not limiter.take(bucket, cost=2)[0].allowed
    assert limiter.take(bucket, cost=1)[0].allowed


def test_a_request_passes_after_the_stated_wait(
    commands: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocked = ClockedCommands(commands, f"test:{uuid4()}")
    limiter, bucket = Limiter(clocked), keys(FIVE)
    limiter.take(bucket, cost=5)
    refusal = limiter.take(bucket)[0]
    assert not refusal.allowed
    clocked.advance(refusal.retry_after_seconds)
    clock_ahead(monkeypatch, refusal.retry_after_seconds)
    assert limiter.take(bucket)[0].allowed


@pytest.mark.parametrize("ahead", [-30, 30])
def test_a_container_whose_clock_is_wrong_changes_nothing(
    commands: Counted, ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = keys(TWO)
    Limiter(commands).take(bucket)
    with monkeypatch.context() as moved:
        clock_ahead(moved, ahead)
        assert Limiter(commands).take(bucket)[0].remaining == 0
    assert not Limiter(commands).take(bucket)[0].allowed


def test_the_script_and_the_containers_own_buckets_agree(commands: Counted) -> None:
    local, buckets = LocalBuckets(), keys(HUNDRED, DEARER, ALL, WATCHING)
    for cost in (1, 0, 2, 1, 1, 3, 1, 1, 1):
        asked, own = Limiter(commands).take(buckets, cost=cost), local.take(buckets, 1000.0, cost)
        assert [(v.allowed, v.remaining) for v in asked] == [(v.allowed, v.remaining) for v in own]


def test_an_idle_bucket_leaves_nothing_behind(commands: Counted) -> None:
    bucket = keys(QUICK)
    Limiter(commands).take(bucket)
    assert 0 < commands.run("PTTL", next(iter(bucket))) <= 1201


def test_returned_tokens_can_be_taken_once(commands: Counted) -> None:
    bucket, limiter = keys(TWO), Limiter(commands)
    limiter.give_back(bucket)
    limiter.take(bucket, cost=2)
    limiter.give_back(bucket, cost=2)
    assert [limiter.take(bucket)[0].allowed for _ in range(3)] == [True, True, False]
    (key,) = bucket
    assert commands.run("PTTL", key) > 0
