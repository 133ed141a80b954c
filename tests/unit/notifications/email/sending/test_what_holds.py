"""What a mail says has to hold when it leaves, and it goes to who its reader is then."""

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
from wingman.notifications.email.letters.contents import content_of
from wingman.notifications.email.models import ClaimedEmail, Template
from wingman.notifications.email.sending import rules, service
from wingman.notifications.email.sending.provider import BatchReply
from wingman.notifications.email.sending.rules import Reply, SkipReason

EVERY_QUICK_TRY = 4
REMINDERS = ["session_reminder_24h", "session_reminder_2h"]
PLANS = ["session_scheduled", "session_rescheduled", *REMINDERS]
SUPERSEDED = SkipReason.SUPERSEDED
USELESS = SkipReason.NO_LONGER_USEFUL
NEW = "maya@new.example"


def reason(email: ClaimedEmail, after: timedelta = timedelta(0)) -> SkipReason | None:
    return rules.skip_reason(email, content_of(email), NOON + after)


@pytest.mark.parametrize("template", PLANS)
@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, None),
        ({"session_sequence": 2}, SUPERSEDED),  # moved since
        ({"session_sequence": 0}, None),  # read before the move that the mail tells of
        ({"session_status": "cancelled"}, SUPERSEDED),
        ({"session_status": "cancelled", "session_sequence": 2}, SUPERSEDED),
        ({"session_status": None, "session_sequence": None}, None),  # about no session that is left
    ],
)
def test_a_plan_is_told_as_long_as_it_stands(
    template: str, facts: dict[str, Any], expected: SkipReason | None
) -> None:
    assert reason(reminder(template, **facts)) is expected


@pytest.mark.parametrize("template", PLANS)
@pytest.mark.parametrize(("status", "expected"), [("scheduled", None), ("cancelled", SUPERSEDED)])
def test_a_mail_that_does_not_say_its_revision_goes_unless_the_meeting_is_off(
    template: str, status: str, expected: SkipReason | None
) -> None:
    email = reminder(template, session_sequence=7, session_status=status)
    del email.template_data["sequence"]

    assert reason(email) is expected


@pytest.mark.parametrize("sequence", [0, 1, 9])
def test_that_a_meeting_is_off_is_told_whatever_follows(sequence: int) -> None:
    email = reminder("session_cancelled", session_status="cancelled", session_sequence=sequence)

    assert reason(email) is None


@pytest.mark.parametrize("status", ["cancelled", "no_show", "expired"])
def test_nobody_is_asked_about_a_meeting_that_did_not_take_place(status: str) -> None:
    assert reason(reminder("session_feedback")) is None
    assert reason(reminder("session_feedback", session_status=status)) is SUPERSEDED


def test_how_it_was_is_asked_although_the_session_was_read_before_it_was_completed() -> None:
    assert reason(reminder("session_feedback", session_status="scheduled")) is None


# The meeting is a day after NOON; in minutes after NOON.
DAY = 24 * 60
LAST_MINUTE = {
    Template.MATCH_INVITATION: 2 * DAY + 5 * 60,  # it expires then
    Template.MATCH_ACCEPTED: 7 * DAY,
    Template.MATCH_DECLINED: 7 * DAY,
    Template.SESSION_SCHEDULED: DAY,
    Template.SESSION_RESCHEDULED: DAY,
    Template.SESSION_CANCELLED: DAY,
    Template.SESSION_REMINDER_24H: DAY - 2 * 60,
    Template.SESSION_REMINDER_2H: DAY,
    Template.SESSION_FEEDBACK: 8 * DAY,
    Template.WEEKLY_DIGEST: 5 * DAY,
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


def mail(template: Template) -> ClaimedEmail:
    if template is Template.MATCH_INVITATION:
        return invitation()
    if template.startswith("session_"):
        return reminder(template)
    data = DIGEST if template is Template.WEEKLY_DIGEST else MATCH | {"role": "inviter"}
    return invitation(email_template=template, template_data=data)


@pytest.mark.parametrize("template", Template)
def test_every_mail_has_an_age_at_which_it_says_nothing_new(template: Template) -> None:
    useful = timedelta(minutes=LAST_MINUTE[template])

    assert reason(mail(template), useful - timedelta(seconds=1)) is None
    assert reason(mail(template), useful) is USELESS


def test_who_waited_for_somebody_hears_that_it_is_off_also_after_the_start() -> None:
    called_off = NOON + timedelta(days=1, minutes=10)
    email = reminder("session_cancelled", session_status="cancelled", created_at=called_off)

    assert reason(email, timedelta(days=2)) is None
    assert reason(email, timedelta(days=2, minutes=10)) is USELESS


def fail(on: House, reply: BatchReply) -> None:
    on.provider.faults = [reply] * EVERY_QUICK_TRY


def change(on: House, *mails: Any, **facts: object) -> None:
    """Let what the next claim tells be something else."""
    for one in mails:
        row = on.outbox.rows[one]
        row.email = row.email.model_copy(update=facts)


@pytest.mark.parametrize("template", [*PLANS, "session_feedback"])
def test_a_mail_of_a_meeting_that_is_off_is_skipped_with_the_reason(template: str) -> None:
    on = house()
    stale = on.outbox.add(reminder(template, session_status="cancelled"))

    service.send(on.sender, [stale])

    assert on.provider.requests == []
    assert on.outbox.status(stale) == "skipped"
    assert on.outbox.result(stale).error == "superseded"


@pytest.mark.parametrize("facts", [{"session_status": "cancelled"}, {"session_sequence": 2}])
@pytest.mark.parametrize("template", REMINDERS)
def test_a_repeated_request_leaves_out_what_a_change_has_superseded(
    template: str, facts: dict[str, Any]
) -> None:
    on = house()
    fail(on, BatchReply(Reply.UNKNOWN))
    mails = [on.outbox.add(reminder(template)) for _ in range(3)]
    service.send(on.sender, mails)
    key = on.provider.requests[0][0]

    change(on, mails[1], **facts)
    on.clock.advance(minutes=2)
    service.send(on.sender, mails)

    assert [on.outbox.status(one) for one in mails] == ["sent", "skipped", "sent"]
    assert on.outbox.result(mails[1]).error == "superseded"
    assert [one.email_id for one in on.provider.inbox] == [mails[0], mails[2]]
    assert {request for request, _ in on.provider.requests} == {key}


def test_a_mail_goes_to_the_address_that_its_reader_has_when_it_leaves() -> None:
    on = house()
    on.provider.faults = [BatchReply(Reply.RATE_LIMITED, retry_after=timedelta(seconds=30))]
    moved = on.outbox.add(invitation())
    service.send(on.sender, [moved])

    change(on, moved, recipient_email=NEW)
    on.clock.advance(minutes=1)
    service.send(on.sender, [moved])

    assert [one.recipient for one in on.provider.inbox] == [NEW]


@pytest.mark.parametrize("reply", [LOST, BatchReply(Reply.UNKNOWN)])
def test_a_repeated_request_goes_where_it_went(reply: BatchReply) -> None:
    on = house()
    fail(on, reply)
    moved = on.outbox.add(invitation())
    service.send(on.sender, [moved])

    change(on, moved, recipient_email=NEW)
    on.clock.advance(minutes=2)
    service.send(on.sender, [moved])

    assert on.outbox.status(moved) == "sent"
    assert [one.recipient for one in on.provider.inbox] == ["maya@example.com"]


def test_who_has_no_address_gets_no_mail_and_holds_up_nobody() -> None:
    on = house()
    gone, other = on.outbox.add(invitation(recipient_email="")), on.outbox.add(invitation())

    service.send(on.sender, [gone, other])

    assert [on.outbox.status(one) for one in (gone, other)] == ["skipped", "sent"]
    assert on.outbox.result(gone).error == "no_address"


def test_an_address_that_is_gone_is_left_out_of_a_repeated_request() -> None:
    on = house()
    fail(on, BatchReply(Reply.UNKNOWN))
    mails = [on.outbox.add(invitation()) for _ in range(2)]
    service.send(on.sender, mails)

    change(on, mails[0], recipient_email="")
    on.clock.advance(minutes=2)
    service.send(on.sender, mails)

    assert [on.outbox.status(one) for one in mails] == ["skipped", "sent"]
    assert [one.email_id for one in on.provider.inbox] == [mails[1]]
