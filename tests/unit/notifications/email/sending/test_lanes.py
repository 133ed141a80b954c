"""Lanes fill requests, keep to the provider's limit, and can be paused."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.unit.notifications.email.sending.fakes import LOST, Context, House, house, invitation
from wingman.kit.clock import deadline
from wingman.notifications.email.sending import service
from wingman.notifications.email.sending.bucket import Slot
from wingman.notifications.email.sending.provider import BatchReply
from wingman.notifications.email.sending.rules import Reply
from wingman.notifications.models import Priority

QUOTA = BatchReply(Reply.QUOTA_EXHAUSTED, error="daily_quota_exceeded: used up")
REFUSED = BatchReply(Reply.REFUSED, error="invalid_api_key: API key is invalid")


def fill(on: House, count: int, priority: Priority = Priority.URGENT) -> list[UUID]:
    return [on.outbox.add(invitation(id=uuid4()), priority) for _ in range(count)]


def sizes(on: House) -> list[int]:
    return [len(messages) for _, messages in on.provider.requests]


def test_one_message_sends_all_waiting_emails_of_its_lane_in_one_request() -> None:
    on = house()
    emails = fill(on, 80)

    service.send(on.sender, emails[-1:])

    assert sizes(on) == [80]


def test_ten_messages_of_one_email_each_share_a_request() -> None:
    on = house()
    emails = fill(on, 150)

    service.send(on.sender, emails[:10])

    assert sizes(on) == [100]


def test_a_message_of_many_emails_sends_as_many() -> None:
    on = house()
    emails = fill(on, 1000)

    service.send(on.sender, emails[:250])

    assert sizes(on) == [100, 100, 100]


def test_a_message_sends_nothing_of_the_other_lane() -> None:
    on = house()
    urgent, bulk = fill(on, 1), fill(on, 1, Priority.BULK)

    service.send(on.sender, urgent)

    assert [on.outbox.status(email) for email in (*urgent, *bulk)] == ["sent", "pending"]


@pytest.mark.parametrize("priority", Priority)
def test_a_request_waits_by_the_rules_of_its_lane(priority: Priority) -> None:
    on = house()
    service.send(on.sender, fill(on, 1, priority))

    assert [lane for lane, _ in on.bucket.asked] == [priority]


def test_repeated_requests_do_not_count_towards_the_emails_of_a_message() -> None:
    on = house()
    on.provider.faults = [LOST] * 4
    service.send(on.sender, fill(on, 1))
    on.clock.advance(minutes=5)
    new = fill(on, 2)
    for email in new:
        on.outbox.rows[email].due_at = on.clock.now

    service.send(on.sender, new[:1])

    assert {row.status for row in on.outbox.rows.values()} == {"sent"}


def test_a_request_waits_for_its_slot() -> None:
    on = house()
    on.bucket.slots = [Slot(granted=True, seconds=1.5)]

    service.send(on.sender, fill(on, 1))

    assert on.naps == [1.5]
    assert sizes(on) == [1]


def test_a_sender_without_a_slot_asks_again_after_the_wait() -> None:
    on = house()
    on.bucket.slots = [Slot(granted=False, seconds=2), Slot(granted=True, seconds=0.5)]

    service.send(on.sender, fill(on, 1))

    assert on.naps == [2, 0.5]
    assert sizes(on) == [1]


def test_an_email_without_a_slot_waits_and_counts_no_failure() -> None:
    on = house()
    on.bucket.slots = [Slot(granted=False, seconds=60)]
    [email] = fill(on, 1)

    service.send(on.sender, [email])

    row = on.outbox.rows[email]
    assert (row.status, row.send_group, row.email.retry_count) == ("pending", None, 0)
    assert on.provider.requests == []
    assert on.naps == []


def test_a_repetition_without_a_slot_keeps_its_group() -> None:
    on = house()
    on.provider.faults = [LOST]
    on.bucket.slots = [Slot(granted=True, seconds=0), Slot(granted=False, seconds=60)]
    [email] = fill(on, 1)

    service.send(on.sender, [email])

    assert on.outbox.rows[email].send_group is not None
    on.clock.advance(minutes=5)
    service.send(on.sender, [email])
    assert len(on.provider.inbox) == 1


@pytest.mark.parametrize(("seconds", "patience"), [(30, 17), (20, 7), (8, 0)])
def test_patience_leaves_time_for_the_request_and_its_record(
    seconds: float, patience: float
) -> None:
    on = house()

    with deadline(Context(seconds)):
        service.send(on.sender, fill(on, 1))

    assert on.bucket.asked[0][1] == pytest.approx(max(patience - 0.5, 0), abs=0.1)


def test_patience_ends_before_the_lease_does() -> None:
    on = house()

    service.send(on.sender, fill(on, 1))

    assert on.bucket.asked[0][1] == pytest.approx(60 - 13, abs=0.1)


def test_the_limit_in_an_answer_is_learned() -> None:
    on = house()
    on.provider.faults = [BatchReply(Reply.UNREACHABLE), BatchReply(Reply.ACCEPTED, limit=10)]

    service.send(on.sender, fill(on, 1))

    assert on.bucket.learned == [(None, 0), (10, 0)]


@pytest.mark.parametrize(("retry_after", "hold"), [(None, 1), (timedelta(seconds=9), 9)])
def test_a_rate_limit_holds_all_senders_back(retry_after: timedelta | None, hold: float) -> None:
    on = house()
    on.provider.faults = [BatchReply(Reply.RATE_LIMITED, limit=2, retry_after=retry_after)]

    service.send(on.sender, fill(on, 1))

    assert on.bucket.learned[0] == (2, hold)


@pytest.mark.parametrize(
    ("reply", "lanes", "pause"),
    [
        (QUOTA, {Priority.BULK}, timedelta(hours=1)),
        (REFUSED, set(Priority), timedelta(minutes=5)),
    ],
)
def test_a_reply_that_blocks_all_emails_pauses_with_its_reason(
    reply: BatchReply, lanes: set[Priority], pause: timedelta
) -> None:
    on = house()
    on.provider.faults = [reply]
    emails = fill(on, 300, Priority.BULK)

    service.send(on.sender, emails)

    assert on.outbox.paused == dict.fromkeys(lanes, (on.clock.now + pause, reply.error))
    assert sizes(on) == [100]
    assert {on.outbox.status(email) for email in emails} == {"pending"}
    assert {row.email.retry_count for row in on.outbox.rows.values()} == {0}
    assert {row.send_group for row in on.outbox.rows.values()} == {None}


@pytest.mark.parametrize("poisoned", [0, 49, 50, 99])
def test_the_email_that_makes_a_full_request_invalid_is_found_in_few_requests(
    poisoned: int,
) -> None:
    on = house()
    emails = fill(on, 100)
    on.provider.poison, on.provider.spoils_whole_request = {emails[poisoned]}, True

    service.send(on.sender, emails)

    statuses = [on.outbox.status(email) for email in emails]
    assert statuses == ["failed" if email == emails[poisoned] else "sent" for email in emails]
    assert len(on.provider.requests) <= 15
    assert len(on.provider.inbox) == 99
