"""After a lost answer, a killed sender or an expired lease, the same request or none is sent."""

import contextvars
from datetime import timedelta

import pytest

from tests.unit.notifications.email.sending.fakes import (
    LOST,
    Context,
    Killed,
    house,
    invitation,
    reminder,
)
from wingman.kit.clock import deadline
from wingman.notifications.email.sending import service
from wingman.notifications.email.sending.bucket import Slot
from wingman.notifications.email.sending.provider import BatchReply
from wingman.notifications.email.sending.rules import Reply

BUSY = BatchReply(Reply.RATE_LIMITED, retry_after=timedelta(seconds=30))
EVERY_QUICK_TRY = 4


def test_a_lost_answer_is_requested_again_at_once_under_the_same_key() -> None:
    on = house()
    on.provider.faults = [LOST, LOST, LOST]
    email = on.outbox.add(invitation())

    service.send(on.sender, [email])

    assert on.outbox.status(email) == "sent"
    assert len(on.provider.inbox) == 1
    assert len({key for key, _ in on.provider.requests}) == 1
    assert len(on.naps) == 3


def test_answers_lost_for_good_leave_the_group_to_be_repeated_unchanged() -> None:
    on = house()
    on.provider.faults = [LOST] * EVERY_QUICK_TRY
    emails = [on.outbox.add(invitation()) for _ in range(3)]

    service.send(on.sender, emails)
    assert {on.outbox.status(email) for email in emails} == {"pending"}
    on.clock.advance(minutes=2)
    service.send(on.sender, [emails[2]])

    assert {on.outbox.status(email) for email in emails} == {"sent"}
    assert len(on.provider.inbox) == 3
    assert all(request == on.provider.requests[0] for request in on.provider.requests)


def test_a_sender_killed_after_the_provider_accepted_sends_no_second_copy() -> None:
    on = house()
    on.provider.faults = [Killed]
    email = on.outbox.add(invitation())

    with pytest.raises(Killed):
        service.send(on.sender, [email])
    service.send(on.sender, [email])
    assert on.outbox.status(email) == "sending"
    on.clock.advance(minutes=2)
    service.send(on.sender, [email])

    assert on.outbox.status(email) == "sent"
    assert len(on.provider.inbox) == 1


@pytest.mark.parametrize(
    ("no", "status"),
    [({"suppressed": True}, "suppressed"), ({"wanted": False}, "skipped")],
)
def test_an_opt_out_applies_to_a_request_that_was_not_taken(
    no: dict[str, bool], status: str
) -> None:
    on = house()
    on.provider.faults = [BatchReply(Reply.UNKNOWN)] * EVERY_QUICK_TRY
    emails = [on.outbox.add(invitation()) for _ in range(2)]
    service.send(on.sender, emails)

    row = on.outbox.rows[emails[0]]
    row.email = row.email.model_copy(update=no)
    on.clock.advance(hours=1)
    service.send(on.sender, emails)

    assert [on.outbox.status(email) for email in emails] == [status, "sent"]
    assert [email.email_id for email in on.provider.inbox] == [emails[1]]


def test_an_outdated_email_is_left_out_of_a_request_that_was_not_taken() -> None:
    on = house()
    on.provider.faults = [BatchReply(Reply.UNKNOWN)] * EVERY_QUICK_TRY
    stale = on.outbox.add(reminder("session_reminder_2h"))
    good = on.outbox.add(reminder("session_feedback"))
    on.clock.advance(hours=22)
    service.send(on.sender, [stale, good])

    on.clock.advance(hours=2)
    service.send(on.sender, [good])

    assert (on.outbox.status(stale), on.outbox.status(good)) == ("skipped", "sent")
    assert [email.email_id for email in on.provider.inbox] == [good]
    assert len({key for key, _ in on.provider.requests}) == 1


def test_an_outdated_email_does_not_cause_the_rest_to_be_sent_twice() -> None:
    on = house()
    on.provider.faults = [LOST] * EVERY_QUICK_TRY
    stale = on.outbox.add(reminder("session_reminder_2h"))
    good = on.outbox.add(reminder("session_feedback"))
    on.clock.advance(hours=22)
    service.send(on.sender, [stale, good])

    on.clock.advance(hours=2)
    service.send(on.sender, [good])

    assert (on.outbox.status(stale), on.outbox.status(good)) == ("skipped", "unknown")
    assert len(on.provider.inbox) == 2


def test_waiting_for_the_rate_limit_releases_the_group_and_counts_no_failure() -> None:
    on = house()
    on.provider.faults = [BUSY]
    email = on.outbox.add(invitation())

    service.send(on.sender, [email])

    row = on.outbox.rows[email]
    assert (row.status, row.send_group, row.email.retry_count) == ("pending", None, 0)
    assert row.due_at == on.clock.now + timedelta(seconds=30)


def test_a_failure_counts_even_without_a_slot_to_repeat_it() -> None:
    on = house()
    on.provider.faults = [BatchReply(Reply.UNKNOWN, error="broken")]
    on.bucket.slots = [Slot(granted=True, seconds=0), Slot(granted=False, seconds=3600)]
    email = on.outbox.add(invitation())

    service.send(on.sender, [email])

    row = on.outbox.rows[email]
    assert (row.status, row.email.retry_count) == ("pending", 1)
    assert row.result is not None
    assert row.result.error == "broken"


@pytest.mark.parametrize("refusal", [BUSY, BatchReply(Reply.UNREACHABLE)])
def test_a_refused_repetition_keeps_the_group_that_an_earlier_try_may_have_sent(
    refusal: BatchReply,
) -> None:
    on = house()
    on.provider.faults = [Killed, *[refusal] * EVERY_QUICK_TRY]
    email = on.outbox.add(invitation())
    with pytest.raises(Killed):
        service.send(on.sender, [email])
    group = on.outbox.rows[email].send_group

    on.clock.advance(minutes=2)
    service.send(on.sender, [email])

    assert on.outbox.rows[email].send_group == group
    on.provider.faults.clear()
    on.clock.advance(hours=1)
    service.send(on.sender, [email])
    assert len(on.provider.inbox) == 1


def test_a_lost_answer_followed_by_a_refusal_in_the_same_run_keeps_the_group() -> None:
    on = house()
    on.provider.faults = [LOST, BUSY]
    email = on.outbox.add(invitation())

    service.send(on.sender, [email])
    on.clock.advance(minutes=2)
    service.send(on.sender, [email])

    assert len(on.provider.inbox) == 1
    assert on.outbox.status(email) == "sent"


def test_a_key_used_with_another_body_ends_as_unknown_and_is_never_repeated() -> None:
    on = house()
    on.provider.faults = [Killed]
    email = on.outbox.add(invitation())
    with pytest.raises(Killed):
        service.send(on.sender, [email])

    row = on.outbox.rows[email]
    row.email = row.email.model_copy(update={"recipient_first_name": "Mia"})
    for _ in range(3):
        on.clock.advance(hours=1)
        service.send(on.sender, [email])

    assert on.outbox.status(email) == "unknown"
    assert len(on.provider.requests) == 2


def test_a_repetition_that_can_no_longer_be_rendered_keeps_its_group() -> None:
    on = house()
    on.provider.faults = [Killed]
    email = on.outbox.add(invitation())
    with pytest.raises(Killed):
        service.send(on.sender, [email])
    row = on.outbox.rows[email]
    whole = row.email
    row.email = whole.model_copy(update={"template_data": {}})

    on.clock.advance(minutes=2)
    service.send(on.sender, [email])

    assert (row.status, row.send_group is not None) == ("pending", True)


def test_a_sender_with_an_expired_lease_sends_nothing() -> None:
    on = house()
    on.outbox.before_group = lambda: on.clock.advance(minutes=5)
    email = on.outbox.add(invitation())

    service.send(on.sender, [email])

    assert on.provider.requests == []


def test_two_senders_of_one_group_at_once_send_it_once() -> None:
    on = house()
    email = on.outbox.add(invitation())
    slow = on.provider.send_batch

    def overtaken(messages: object, key: object) -> BatchReply:
        """Let the lease expire during the request, and let another sender finish the group."""
        on.clock.advance(minutes=5)
        on.provider.send_batch = slow  # type: ignore[method-assign]
        contextvars.Context().run(service.send, on.sender, [email])  # another container
        return slow(messages, key)  # type: ignore[arg-type]

    on.provider.send_batch = overtaken  # type: ignore[method-assign, assignment]
    service.send(on.sender, [email])

    assert len(on.provider.inbox) == 1
    assert on.outbox.status(email) == "sent"


def test_an_answer_lost_with_no_time_for_another_try_keeps_the_group() -> None:
    on = house()
    on.provider.faults = [LOST]
    email = on.outbox.add(invitation())

    with deadline(Context(seconds=8)):
        service.send(on.sender, [email])
    assert on.naps == []
    on.clock.advance(minutes=2)
    service.send(on.sender, [email])

    assert len(on.provider.inbox) == 1
    assert on.outbox.status(email) == "sent"
