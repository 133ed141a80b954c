"""What leaves a lane, in how many requests, and when nothing may."""

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


def test_one_message_sends_what_waits_in_its_lane_in_one_request() -> None:
    on = house()
    mails = fill(on, 80)

    service.send(on.sender, mails[-1:])

    assert sizes(on) == [80]


def test_ten_messages_of_one_mail_make_no_ten_requests() -> None:
    on = house()
    mails = fill(on, 150)

    service.send(on.sender, mails[:10])

    assert sizes(on) == [100]


def test_messages_of_many_mails_send_as_many() -> None:
    on = house()
    mails = fill(on, 1000)

    service.send(on.sender, mails[:250])

    assert sizes(on) == [100, 100, 100]


def test_the_other_lane_is_left_alone() -> None:
    on = house()
    urgent, bulk = fill(on, 1), fill(on, 1, Priority.BULK)

    service.send(on.sender, urgent)

    assert [on.outbox.status(mail) for mail in (*urgent, *bulk)] == ["sent", "pending"]


@pytest.mark.parametrize("priority", Priority)
def test_the_lane_says_how_a_request_waits(priority: Priority) -> None:
    on = house()
    service.send(on.sender, fill(on, 1, priority))

    assert [lane for lane, _ in on.bucket.asked] == [priority]


def test_repeated_requests_take_nothing_from_what_a_message_sends() -> None:
    on = house()
    on.provider.faults = [LOST] * 4
    service.send(on.sender, fill(on, 1))
    on.clock.advance(minutes=5)
    new = fill(on, 2)
    for mail in new:
        on.outbox.rows[mail].due_at = on.clock.now

    service.send(on.sender, new[:1])

    assert {row.status for row in on.outbox.rows.values()} == {"sent"}


def test_a_request_leaves_at_its_moment() -> None:
    on = house()
    on.bucket.slots = [Slot(granted=True, seconds=1.5)]

    service.send(on.sender, fill(on, 1))

    assert on.naps == [1.5]
    assert sizes(on) == [1]


def test_who_is_told_to_come_back_asks_again_first() -> None:
    on = house()
    on.bucket.slots = [Slot(granted=False, seconds=2), Slot(granted=True, seconds=0.5)]

    service.send(on.sender, fill(on, 1))

    assert on.naps == [2, 0.5]
    assert sizes(on) == [1]


def test_a_mail_for_which_there_is_no_room_waits_and_that_is_no_failure() -> None:
    on = house()
    on.bucket.slots = [Slot(granted=False, seconds=60)]
    [mail] = fill(on, 1)

    service.send(on.sender, [mail])

    row = on.outbox.rows[mail]
    assert (row.status, row.send_group, row.email.retry_count) == ("pending", None, 0)
    assert on.provider.requests == []
    assert on.naps == []


def test_no_room_for_a_repetition_keeps_the_group() -> None:
    on = house()
    on.provider.faults = [LOST]
    on.bucket.slots = [Slot(granted=True, seconds=0), Slot(granted=False, seconds=60)]
    [mail] = fill(on, 1)

    service.send(on.sender, [mail])

    assert on.outbox.rows[mail].send_group is not None
    on.clock.advance(minutes=5)
    service.send(on.sender, [mail])
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


def test_the_limit_that_an_answer_tells_is_learned() -> None:
    on = house()
    on.provider.faults = [BatchReply(Reply.UNREACHABLE), BatchReply(Reply.ACCEPTED, limit=10)]

    service.send(on.sender, fill(on, 1))

    assert on.bucket.learned == [(None, 0), (10, 0)]


@pytest.mark.parametrize(("told", "hold"), [(None, 1), (timedelta(seconds=9), 9)])
def test_a_refusal_holds_everybody_back(told: timedelta | None, hold: float) -> None:
    on = house()
    on.provider.faults = [BatchReply(Reply.RATE_LIMITED, limit=2, retry_after=told)]

    service.send(on.sender, fill(on, 1))

    assert on.bucket.learned[0] == (2, hold)


@pytest.mark.parametrize(
    ("reply", "lanes", "pause"),
    [
        (QUOTA, {Priority.BULK}, timedelta(hours=1)),
        (REFUSED, set(Priority), timedelta(minutes=5)),
    ],
)
def test_what_no_mail_can_get_through_pauses_with_its_reason(
    reply: BatchReply, lanes: set[Priority], pause: timedelta
) -> None:
    on = house()
    on.provider.faults = [reply]
    mails = fill(on, 300, Priority.BULK)

    service.send(on.sender, mails)

    assert on.outbox.paused == dict.fromkeys(lanes, (on.clock.now + pause, reply.error))
    assert sizes(on) == [100]
    assert {on.outbox.status(mail) for mail in mails} == {"pending"}
    assert {row.email.retry_count for row in on.outbox.rows.values()} == {0}
    assert {row.send_group for row in on.outbox.rows.values()} == {None}


@pytest.mark.parametrize("poisoned", range(0, 100, 9))
def test_the_mail_that_spoils_a_full_request_is_found_in_few_requests(poisoned: int) -> None:
    on = house()
    mails = fill(on, 100)
    on.provider.poison, on.provider.spoils_whole_request = {mails[poisoned]}, True

    service.send(on.sender, mails)

    statuses = [on.outbox.status(mail) for mail in mails]
    assert statuses == ["failed" if mail == mails[poisoned] else "sent" for mail in mails]
    assert len(on.provider.requests) <= 15
    assert len(on.provider.inbox) == 99
