"""Sending: what is due leaves once, and what goes wrong stays with the one it concerns."""

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
    return [mail.recipient for mail in on.provider.inbox]


def test_a_due_mail_is_sent_and_recorded_with_its_subject_and_message_id() -> None:
    on = house()
    mail = on.outbox.add(invitation())

    service.send(on.sender, [mail])

    assert recipients(on) == ["maya@example.com"]
    assert on.outbox.status(mail) == "sent"
    assert on.outbox.result(mail).subject == "Leo would like to meet you"
    assert on.outbox.result(mail).resend_message_id == f"re_{mail}"


def test_the_same_message_five_times_sends_one_mail() -> None:
    on = house()
    mail = on.outbox.add(invitation())

    for _ in range(5):
        service.send(on.sender, [mail, mail])

    assert len(on.provider.requests) == 1


def test_mails_claimed_together_leave_in_one_request_keyed_by_their_group() -> None:
    on = house()
    mails = [on.outbox.add(invitation()) for _ in range(3)]

    service.send(on.sender, mails)

    [(key, messages)] = on.provider.requests
    assert [message.email_id for message in messages] == mails
    assert key == f"send/{on.outbox.rows[mails[0]].send_group}"


def test_more_than_a_hundred_mails_leave_in_several_requests() -> None:
    on = house()
    mails = [on.outbox.add(invitation()) for _ in range(250)]

    service.send(on.sender, mails)

    assert [len(messages) for _, messages in on.provider.requests] == [100, 100, 50]
    assert len({key for key, _ in on.provider.requests}) == 3
    assert {on.outbox.status(mail) for mail in mails} == {"sent"}


def test_a_mail_that_cannot_be_written_fails_alone() -> None:
    on = house()
    broken = on.outbox.add(invitation(template_data={"inviter_name": "secret@example.com"}))
    stranger = on.outbox.add(invitation(email_template="love_letter"))
    good = on.outbox.add(invitation())

    service.send(on.sender, [broken, stranger, good])

    assert [on.outbox.status(mail) for mail in (broken, stranger, good)] == [
        "failed",
        "failed",
        "sent",
    ]
    error = on.outbox.result(broken).error or ""
    assert "expires_at" in error
    assert "@" not in error


def test_a_rejected_mail_fails_alone() -> None:
    on = house()
    mails = [on.outbox.add(invitation()) for _ in range(3)]
    on.provider.poison = {mails[1]}

    service.send(on.sender, mails)

    assert [on.outbox.status(mail) for mail in mails] == ["sent", "failed", "sent"]
    assert on.outbox.result(mails[2]).resend_message_id == f"re_{mails[2]}"


def test_a_mail_that_spoils_the_whole_request_fails_alone() -> None:
    on = house()
    mails = [on.outbox.add(invitation()) for _ in range(3)]
    on.provider.poison, on.provider.spoils_whole_request = {mails[1]}, True

    service.send(on.sender, mails)

    assert [on.outbox.status(mail) for mail in mails] == ["sent", "failed", "sent"]
    assert len(on.provider.inbox) == 2


@pytest.mark.parametrize(
    ("facts", "status", "reason"),
    [
        ({"suppressed": True}, "suppressed", "suppressed"),
        ({"wanted": False}, "skipped", "preference_off"),
    ],
)
def test_a_mail_that_must_not_go_is_recorded_with_the_reason(
    facts: dict[str, bool], status: str, reason: str
) -> None:
    on = house()
    mail = on.outbox.add(invitation(**facts))

    service.send(on.sender, [mail])

    assert on.provider.requests == []
    assert on.outbox.status(mail) == status
    assert on.outbox.result(mail).error == reason


def test_unknown_ids_are_nobodys_business() -> None:
    on = house()

    service.send(on.sender, [uuid4()])

    assert on.provider.requests == []


def test_an_outbox_that_is_away_is_said_so() -> None:
    on = house(OutboxAway)

    with pytest.raises(DependencyUnavailable):
        service.send(on.sender, [uuid4()])


def test_short_of_time_the_rest_stays_unclaimed_for_the_sweep() -> None:
    on = house()
    mails = [on.outbox.add(invitation()) for _ in range(150)]

    with deadline(Context(seconds=5)):
        service.send(on.sender, mails)

    assert [on.outbox.status(mail) for mail in mails].count("pending") == 50


def test_nothing_logged_names_an_address(caplog: pytest.LogCaptureFixture) -> None:
    on = house()
    on.provider.faults = [LOST]
    mails: list[UUID] = [
        on.outbox.add(invitation()),
        on.outbox.add(invitation(template_data={})),
        on.outbox.add(invitation(suppressed=True)),
    ]

    with caplog.at_level(logging.DEBUG):
        service.send(on.sender, mails)

    assert "maya@example.com" not in caplog.text
    assert not any("maya" in str(vars(record)).lower() for record in caplog.records)


def feedback(**facts: Any) -> ClaimedEmail:
    return reminder("session_feedback", **facts)


def test_what_is_moved_says_when_and_why_and_counts_as_no_failure() -> None:
    on = house()
    on.clock.advance(hours=11)  # midnight in Berlin
    mail = on.outbox.add(
        feedback(quiet_hours_start=time(22), quiet_hours_end=time(8)), Priority.BULK
    )

    service.send(on.sender, [mail])

    assert on.provider.requests == []
    assert on.outbox.status(mail) == "pending"
    assert on.outbox.result(mail).error == "quiet_hours"
    assert on.outbox.result(mail).counts is False

    on.clock.advance(hours=8)
    service.send(on.sender, [mail])
    assert on.outbox.status(mail) == "sent"


def test_of_five_that_can_wait_three_go_today() -> None:
    on = house()
    reader = uuid4()
    mails = [on.outbox.add(feedback(user_id=reader), Priority.BULK) for _ in range(5)]
    other = on.outbox.add(feedback(), Priority.BULK)

    service.send(on.sender, [*mails, other])

    assert [on.outbox.status(mail) for mail in mails] == ["sent"] * 3 + ["pending"] * 2
    assert on.outbox.result(mails[4]).error == "daily_cap"
    assert on.outbox.status(other) == "sent"


def test_the_hour_in_which_a_reader_is_active_is_asked_for_what_can_wait_only() -> None:
    on = house()
    asked: list[set[UUID]] = []

    def seen_in_the_evening(users: Collection[UUID]) -> Mapping[UUID, Sequence[int]]:
        asked.append(set(users))
        return {user: [9 if hour == 18 else 0 for hour in range(24)] for user in users}

    sender = replace(on.sender, active_hours=seen_in_the_evening)
    reader = uuid4()
    urgent = on.outbox.add(invitation())
    waits = on.outbox.add(feedback(user_id=reader), Priority.BULK)

    service.send(sender, [urgent])
    service.send(sender, [waits])

    assert asked == [{reader}]
    assert on.outbox.status(urgent) == "sent"
    assert on.outbox.result(waits).error == "active_hour"
    assert on.outbox.result(waits).retry_at == NOON.replace(hour=18)
