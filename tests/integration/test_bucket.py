"""The provider's limit in a real Redis: even, shared, urgent first."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.support.redis import ClockedCommands, DirectCommands
from wingman.kit.clients.commands import Commands
from wingman.notifications.email.sending.bucket import FIRST_RATE, SPACING, RedisBucket
from wingman.notifications.models import Priority

ALL_DAY = 86_400.0
INTERVAL = SPACING / FIRST_RATE
A_MOMENT = 0.001


@pytest.fixture(scope="module")
def redis(stack: dict[str, str]) -> DirectCommands:
    return DirectCommands(stack["REDIS_URL"])


@pytest.fixture
def commands(redis: DirectCommands) -> ClockedCommands:
    """A Redis with a stopped clock."""
    return ClockedCommands(redis, f"test:{uuid4()}")


@pytest.fixture
def bucket(commands: Commands) -> RedisBucket:
    return RedisBucket(commands, key=f"test:{uuid4()}")


def waits(bucket: RedisBucket, count: int, priority: Priority = Priority.URGENT) -> list[float]:
    slots = [bucket.reserve(priority, ALL_DAY) for _ in range(count)]
    assert all(slot.granted for slot in slots)
    return [slot.seconds for slot in slots]


def test_requests_are_held_evenly_apart(bucket: RedisBucket) -> None:
    found = waits(bucket, 10)

    assert found[0] == 0
    assert found == pytest.approx([place * INTERVAL for place in range(10)], abs=A_MOMENT)


def test_the_pace_is_just_below_the_limit(bucket: RedisBucket) -> None:
    [*_, last] = waits(bucket, 101)

    assert 0.93 <= 100 / FIRST_RATE / last < 1


def test_fifty_senders_at_once_get_fifty_moments(commands: Commands) -> None:
    key = f"test:{uuid4()}"

    def reserve(_: int) -> float:
        return RedisBucket(commands, key=key).reserve(Priority.URGENT, ALL_DAY).seconds

    with ThreadPoolExecutor(10) as threads:
        found = sorted(threads.map(reserve, range(50)))

    assert found == pytest.approx([place * INTERVAL for place in range(50)], abs=A_MOMENT)


def test_bulk_email_reserves_the_next_moment_and_no_other(bucket: RedisBucket) -> None:
    first, second = (bucket.reserve(Priority.BULK, ALL_DAY) for _ in range(2))
    third = bucket.reserve(Priority.BULK, ALL_DAY)

    assert (first.granted, second.granted, third.granted) == (True, True, False)
    assert third.seconds == pytest.approx(INTERVAL, abs=A_MOMENT)


def test_urgent_email_waits_for_one_waiting_bulk_request_at_most(bucket: RedisBucket) -> None:
    for _ in range(20):
        bucket.reserve(Priority.BULK, ALL_DAY)

    [wait] = waits(bucket, 1)

    assert wait == pytest.approx(2 * INTERVAL, abs=A_MOMENT)


def test_bulk_email_yields_until_the_urgent_queue_is_gone(bucket: RedisBucket) -> None:
    waits(bucket, 10)

    refused = bucket.reserve(Priority.BULK, ALL_DAY)

    assert not refused.granted
    assert refused.seconds == pytest.approx(9 * INTERVAL, abs=A_MOMENT)


def test_bulk_email_goes_on_when_the_urgent_queue_is_gone(
    bucket: RedisBucket, commands: ClockedCommands
) -> None:
    waits(bucket, 10)

    commands.advance(bucket.reserve(Priority.BULK, ALL_DAY).seconds + A_MOMENT)

    assert waits(bucket, 1, Priority.BULK) == pytest.approx([INTERVAL], abs=A_MOMENT)


def test_a_sender_that_cannot_wait_reserves_nothing(bucket: RedisBucket) -> None:
    waits(bucket, 3)

    for _ in range(5):
        assert not bucket.reserve(Priority.URGENT, INTERVAL).granted

    assert waits(bucket, 1) == pytest.approx([3 * INTERVAL], abs=A_MOMENT)


def test_a_learned_limit_is_learned_for_everyone(commands: Commands) -> None:
    key = f"test:{uuid4()}"
    RedisBucket(commands, key=key).learn(per_second=10, hold=0)

    found = waits(RedisBucket(commands, key=key), 11)

    assert found[10] == pytest.approx(SPACING, abs=A_MOMENT)


def test_a_refusal_stops_all_requests_until_retry_after(commands: Commands) -> None:
    key = f"test:{uuid4()}"
    RedisBucket(commands, key=key).learn(per_second=None, hold=7)

    assert waits(RedisBucket(commands, key=key), 1) == pytest.approx([7], abs=A_MOMENT)


def test_a_refusal_without_a_limit_keeps_the_learned_limit(commands: Commands) -> None:
    key = f"test:{uuid4()}"
    RedisBucket(commands, key=key).learn(per_second=10, hold=0)

    RedisBucket(commands, key=key).learn(per_second=None, hold=7)  # it has made no request since

    first, second = waits(RedisBucket(commands, key=key), 2)
    assert second - first == pytest.approx((SPACING + 0.03) / 10, abs=A_MOMENT)


def test_a_refusal_at_the_known_limit_holds_requests_further_apart_for_a_while(
    bucket: RedisBucket, commands: ClockedCommands
) -> None:
    bucket.learn(per_second=10, hold=0)
    waits(bucket, 1)
    for _ in range(3):  # one burst
        bucket.learn(per_second=10, hold=1)
    commands.advance(5)

    first, second = waits(bucket, 2)
    assert second - first == pytest.approx((SPACING + 0.03) / 10, abs=A_MOMENT)

    waits(bucket, 150)
    *_, before, last = waits(bucket, 2)
    assert last - before == pytest.approx(SPACING / 10, abs=A_MOMENT / 10)


def test_three_quarters_of_the_limit_are_used_after_any_number_of_refusals(
    bucket: RedisBucket, commands: ClockedCommands
) -> None:
    bucket.learn(per_second=10, hold=0)
    for _ in range(30):
        bucket.learn(per_second=10, hold=1)
        commands.advance(5)

    first, second = waits(bucket, 2)

    assert second - first == pytest.approx((SPACING + 0.25) / 10, abs=A_MOMENT)


def test_refusals_while_the_limit_is_being_learned_do_not_widen_the_distance(
    bucket: RedisBucket, commands: ClockedCommands
) -> None:
    for _ in range(3):
        bucket.learn(per_second=5, hold=1)
    commands.advance(5)

    first, second = waits(bucket, 2)

    assert second - first == pytest.approx(SPACING / 5, abs=A_MOMENT)


def test_the_bucket_refills_as_time_passes(bucket: RedisBucket, commands: ClockedCommands) -> None:
    waits(bucket, 3)

    commands.advance(60)

    assert waits(bucket, 2) == pytest.approx([0, INTERVAL], abs=A_MOMENT)


def test_a_forgotten_script_is_sent_again(redis: DirectCommands) -> None:
    bucket = RedisBucket(redis, key=f"test:{uuid4()}")
    waits(bucket, 1)
    redis.run("SCRIPT", "FLUSH")

    assert waits(bucket, 1)[0] > 0


def test_the_bucket_expires_within_a_day(redis: DirectCommands) -> None:
    key = f"test:{uuid4()}"
    RedisBucket(redis, key=key).reserve(Priority.URGENT, ALL_DAY)

    assert 0 < int(redis.run("PTTL", key)) <= 86_400_000
