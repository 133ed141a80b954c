"""An email is sent only while it is true and useful, and to the reader's current address."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.notifications.email.sending.fakes import (
    LOST,
    NOON,
    House,
    house,
    invitation,
    reminder,
)
from wingman.notifications.email.letters.kinds import content_of, kinds
from wingman.notifications.email.models import ClaimedEmail
from wingman.notifications.email.sending import rules, service
from wingman.notifications.email.sending.provider import BatchReply
from wingman.notifications.email.sending.rules import Reply, SkipReason

EVERY_QUICK_TRY = 4
USELESS = SkipReason.NO_LONGER_USEFUL
NEW = "maya@new.example"


def reason(email: ClaimedEmail, after: timedelta = timedelta(0)) -> SkipReason | None:
    return rules.skip_reason(email, content_of(email), NOON + after)


# Minutes after NOON; the meeting is a day after NOON.
DAY = 24 * 60
LAST_MINUTE = {
    "match_invitation": 2 * DAY + 5 * 60,  # it expires then
    "match_accepted": 7 * DAY,
    "match_declined": 7 * DAY,
    "new_match": 7 * DAY,
    "match_ended": 7 * DAY,
    "message": 7 * DAY,
    "unread_messages": 7 * DAY,
    "session_scheduled": DAY,
    "session_rescheduled": DAY,
    "session_cancelled": DAY,
    "session_called_off": DAY,
    "session_reminder_24h": DAY - 2 * 60,
    "session_reminder_2h": DAY,
    "session_feedback": 8 * DAY,
    "weekly_digest": 5 * DAY,
    **dict.fromkeys(
        ("signup_confirmation", "account_invitation", "sign_in_link", "password_reset"), 60
    ),
    **dict.fromkeys(("email_change", "reauthentication"), 60),
}
ACCOUNT = {
    "token": "7d5b7b1964cf5d388340",
    "code": "305805",
    "role": "new",
    "expires_at": (NOON + timedelta(hours=1)).isoformat(),
}
MATCH = {"match_id": "6f1c0f0e-0000-4000-8000-000000000001", "partner_name": "Leo"}
DIGEST = {
    "first_day": "2026-11-13",
    "last_day": "2026-11-19",
    "week_ends_at": NOON.isoformat(),
    "score": 1,
    "score_before": 0,
    **dict.fromkeys(("met_count", "invitation_count"), 0),
    **dict.fromkeys(("met", "invitations"), ()),
}


def email_of(template: str) -> ClaimedEmail:
    if template == "match_invitation":
        return invitation()
    if template.startswith("session_"):
        return reminder(template)
    data = DIGEST if template == "weekly_digest" else MATCH | {"role": "inviter"}
    data = ACCOUNT if kinds()[template].__module__.endswith("account_contents") else data
    return invitation(email_template=template, template_data=data)


@pytest.mark.parametrize("template", kinds())
def test_every_email_stops_being_useful_at_some_age(template: str) -> None:
    useful = timedelta(minutes=LAST_MINUTE[template])

    assert reason(email_of(template), useful - timedelta(seconds=1)) is None
    assert reason(email_of(template), useful) is USELESS


def test_a_cancellation_is_news_for_a_day_even_after_the_start() -> None:
    called_off = NOON + timedelta(days=1, minutes=10)
    email = reminder("session_cancelled", created_at=called_off)

    assert reason(email, timedelta(days=2)) is None
    assert reason(email, timedelta(days=2, minutes=10)) is USELESS


def fail(on: House, reply: BatchReply) -> None:
    on.provider.faults = [reply] * EVERY_QUICK_TRY


def change(on: House, *emails: Any, **facts: object) -> None:
    """Change the facts that the next claim returns."""
    for one in emails:
        row = on.outbox.rows[one]
        row.email = row.email.model_copy(update=facts)


def test_an_outdated_email_is_skipped_with_the_reason() -> None:
    on = house()
    stale = on.outbox.add(reminder("session_scheduled", holds=False))

    service.send(on.sender, [stale])

    assert on.provider.requests == []
    assert on.outbox.status(stale) == "skipped"
    assert on.outbox.result(stale).error == "superseded"


def test_a_repeated_request_leaves_out_an_outdated_email() -> None:
    on = house()
    fail(on, BatchReply(Reply.UNKNOWN))
    emails = [on.outbox.add(reminder("session_reminder_2h")) for _ in range(3)]
    service.send(on.sender, emails)
    key = on.provider.requests[0][0]

    change(on, emails[1], holds=False)
    on.clock.advance(minutes=2)
    service.send(on.sender, emails)

    assert [on.outbox.status(one) for one in emails] == ["sent", "skipped", "sent"]
    assert on.outbox.result(emails[1]).error == "superseded"
    assert [one.email_id for one in on.provider.inbox] == [emails[0], emails[2]]
    assert {request for request, _ in on.provider.requests} == {key}


def test_an_email_goes_to_the_current_address_of_its_reader() -> None:
    on = house()
    on.provider.faults = [BatchReply(Reply.RATE_LIMITED, retry_after=timedelta(seconds=30))]
    moved = on.outbox.add(invitation())
    service.send(on.sender, [moved])

    change(on, moved, recipient_email=NEW)
    on.clock.advance(minutes=1)
    service.send(on.sender, [moved])

    assert [one.recipient for one in on.provider.inbox] == [NEW]


@pytest.mark.parametrize("reply", [LOST, BatchReply(Reply.UNKNOWN)])
def test_a_repeated_request_goes_to_its_first_address(reply: BatchReply) -> None:
    on = house()
    fail(on, reply)
    moved = on.outbox.add(invitation())
    service.send(on.sender, [moved])

    change(on, moved, recipient_email=NEW)
    on.clock.advance(minutes=2)
    service.send(on.sender, [moved])

    assert on.outbox.status(moved) == "sent"
    assert [one.recipient for one in on.provider.inbox] == ["maya@example.com"]


def test_a_reader_without_an_address_gets_no_email_and_delays_no_other() -> None:
    on = house()
    gone, other = on.outbox.add(invitation(recipient_email="")), on.outbox.add(invitation())

    service.send(on.sender, [gone, other])

    assert [on.outbox.status(one) for one in (gone, other)] == ["skipped", "sent"]
    assert on.outbox.result(gone).error == "no_address"


def test_a_removed_address_is_left_out_of_a_repeated_request() -> None:
    on = house()
    fail(on, BatchReply(Reply.UNKNOWN))
    emails = [on.outbox.add(invitation()) for _ in range(2)]
    service.send(on.sender, emails)

    change(on, emails[0], recipient_email="")
    on.clock.advance(minutes=2)
    service.send(on.sender, emails)

    assert [on.outbox.status(one) for one in emails] == ["skipped", "sent"]
    assert [one.email_id for one in on.provider.inbox] == [emails[1]]
