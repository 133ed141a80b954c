"""Due emails are sent once, and an error affects only its own email."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.unit.notifications.email.sending.fakes import (
    LOST,
    NOON,
    Context,
    House,
    OutboxAway,
    house,
    invitation,
    reminder,
)
from wingman.kit.clock import deadline
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.email.models import ClaimedEmail
from wingman.notifications.email.sending import service
from wingman.notifications.email.sending.provider import BatchReply
from wingman.notifications.email.sending.rules import Reply
from wingman.notifications.models import Priority

BUSY = BatchReply(Reply.RATE_LIMITED, retry_after=timedelta(seconds=30))
EVERY_QUICK_TRY = 4


def recipients(on: House) -> list[str]:
    return [email.recipient for email in on.provider.inbox]


def test_a_due_email_is_sent_and_recorded_with_its_subject_and_message_id() -> None:
    on = house()
    email = on.outbox.add(invitation())

    service.send(on.sender, [email])

    assert recipients(on) == ["maya@example.com"]
    assert on.outbox.status(email) == "sent"
    assert on.outbox.result(email).subject == "Leo would like to meet you"
    assert on.outbox.result(email).resend_message_id == f"re_{email}"


def test_the_same_message_five_times_sends_one_email() -> None:
    on = house()
    email = on.outbox.add(invitation())

    for _ in range(5):
        service.send(on.sender, [email, email])

    assert len(on.provider.requests) == 1


def test_emails_claimed_together_are_sent_in_one_request_keyed_by_their_group() -> None:
    on = house()
    emails = [on.outbox.add(invitation()) for _ in range(3)]

    service.send(on.sender, emails)

    [(key, messages)] = on.provider.requests
    assert [message.email_id for message in messages] == emails
    assert key == f"send/{on.outbox.rows[emails[0]].send_group}"


def test_more_than_a_hundred_emails_are_sent_in_several_requests() -> None:
    on = house()
    emails = [on.outbox.add(invitation()) for _ in range(250)]

    service.send(on.sender, emails)

    assert [len(messages) for _, messages in on.provider.requests] == [100, 100, 50]
    assert len({key for key, _ in on.provider.requests}) == 3
    assert {on.outbox.status(email) for email in emails} == {"sent"}


def test_an_email_that_cannot_be_rendered_fails_alone() -> None:
    on = house()
    broken = on.outbox.add(invitation(template_data={"inviter_name": "secret@example.com"}))
    stranger = on.outbox.add(invitation(email_template="love_letter"))
    good = on.outbox.add(invitation())

    service.send(on.sender, [broken, stranger, good])

    assert [on.outbox.status(email) for email in (broken, stranger, good)] == [
        "failed",
        "failed",
        "sent",
    ]
    error = on.outbox.result(broken).error or ""
    assert "expires_at" in error
    assert "@" not in error


def test_a_rejected_email_fails_alone() -> None:
    on = house()
    emails = [on.outbox.add(invitation()) for _ in range(3)]
    on.provider.poison = {emails[1]}

    service.send(on.sender, emails)

    assert [on.outbox.status(email) for email in emails] == ["sent", "failed", "sent"]
    assert on.outbox.result(emails[2]).resend_message_id == f"re_{emails[2]}"


def test_an_email_that_makes_the_whole_request_invalid_fails_alone() -> None:
    on = house()
    emails = [on.outbox.add(invitation()) for _ in range(3)]
    on.provider.poison, on.provider.spoils_whole_request = {emails[1]}, True

    service.send(on.sender, emails)

    assert [on.outbox.status(email) for email in emails] == ["sent", "failed", "sent"]
    assert len(on.provider.inbox) == 2


@pytest.mark.parametrize(
    ("facts", "status", "reason"),
    [
        ({"suppressed": True}, "suppressed", "suppressed"),
        ({"wanted": False}, "skipped", "preference_off"),
    ],
)
def test_an_unwanted_email_is_recorded_with_the_reason(
    facts: dict[str, bool], status: str, reason: str
) -> None:
    on = house()
    email = on.outbox.add(invitation(**facts))

    service.send(on.sender, [email])

    assert on.provider.requests == []
    assert on.outbox.status(email) == status
    assert on.outbox.result(email).error == reason


def test_unknown_ids_send_nothing() -> None:
    on = house()

    service.send(on.sender, [uuid4()])

    assert on.provider.requests == []


def test_an_unavailable_outbox_raises() -> None:
    on = house(OutboxAway)

    with pytest.raises(DependencyUnavailable):
        service.send(on.sender, [uuid4()])


def test_emails_stay_unclaimed_for_the_sweep_when_time_is_short() -> None:
    on = house()
    emails = [on.outbox.add(invitation()) for _ in range(150)]

    with deadline(Context(seconds=5)):
        service.send(on.sender, emails)

    assert [on.outbox.status(email) for email in emails].count("pending") == 50


def test_logs_contain_no_address(caplog: pytest.LogCaptureFixture) -> None:
    on = house()
    on.provider.faults = [LOST]
    emails: list[UUID] = [
        on.outbox.add(invitation()),
        on.outbox.add(invitation(template_data={})),
        on.outbox.add(invitation(suppressed=True)),
    ]

    with caplog.at_level(logging.DEBUG):
        service.send(on.sender, emails)

    assert "maya@example.com" not in caplog.text
    assert not any("maya" in str(vars(record)).lower() for record in caplog.records)


def feedback(**facts: Any) -> ClaimedEmail:
    return reminder("session_feedback", **facts)


def test_a_postponed_email_has_a_time_and_a_reason_and_counts_no_failure() -> None:
    on = house()
    on.clock.advance(hours=11)  # midnight in Berlin
    email = on.outbox.add(
        feedback(quiet_hours_start=time(22), quiet_hours_end=time(8)), Priority.BULK
    )

    service.send(on.sender, [email])

    assert on.provider.requests == []
    assert on.outbox.status(email) == "pending"
    assert on.outbox.result(email).error == "quiet_hours"
    assert on.outbox.result(email).counts is False

    on.clock.advance(hours=8)
    service.send(on.sender, [email])
    assert on.outbox.status(email) == "sent"


def test_three_of_five_bulk_emails_go_today() -> None:
    on = house()
    reader = uuid4()
    emails = [on.outbox.add(feedback(user_id=reader), Priority.BULK) for _ in range(5)]
    other = on.outbox.add(feedback(), Priority.BULK)

    service.send(on.sender, [*emails, other])

    assert [on.outbox.status(email) for email in emails] == ["sent"] * 3 + ["pending"] * 2
    assert on.outbox.result(emails[4]).error == "daily_cap"
    assert on.outbox.status(other) == "sent"


def seen_in_the_evening(users: Collection[UUID]) -> Mapping[UUID, Sequence[int]]:
    return {user: [9 if hour == 18 else 0 for hour in range(24)] for user in users}


def test_an_invitation_does_not_wait_for_a_favourite_hour() -> None:
    on = house()
    email = on.outbox.add(invitation(), Priority.BULK)

    service.send(replace(on.sender, active_hours=seen_in_the_evening), [email])

    assert on.outbox.status(email) == "sent"


def test_active_hours_are_looked_up_for_bulk_emails_only() -> None:
    on = house()
    asked: list[set[UUID]] = []

    def asking(users: Collection[UUID]) -> Mapping[UUID, Sequence[int]]:
        asked.append(set(users))
        return seen_in_the_evening(users)

    sender = replace(on.sender, active_hours=asking)
    reader = uuid4()
    urgent = on.outbox.add(invitation())
    waits = on.outbox.add(feedback(user_id=reader), Priority.BULK)

    service.send(sender, [urgent])
    service.send(sender, [waits])

    assert asked == [{reader}]
    assert on.outbox.status(urgent) == "sent"
    assert on.outbox.result(waits).error == "active_hour"
    assert on.outbox.result(waits).retry_at == NOON.replace(hour=18)
