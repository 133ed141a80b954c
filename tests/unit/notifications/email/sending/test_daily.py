"""One email a day: emails that can wait are combined and sent at the reader's usual hour."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.unit.notifications.email.sending.fakes import (
    LOST,
    NOON,
    House,
    house,
    invitation,
    reminder,
)
from wingman.kit.errors import InvalidRequest
from wingman.notifications.email.models import ClaimedEmail, Frequency
from wingman.notifications.email.readers.pages import chosen
from wingman.notifications.email.sending import rules, service
from wingman.notifications.email.sending.timing import Delay, ReaderClock, daily
from wingman.notifications.models import Priority

BERLIN = ZoneInfo("Europe/Berlin")
MORNINGS = [9 if hour == 8 else 0 for hour in range(24)]
EVENING = datetime(2026, 11, 20, 17, tzinfo=UTC)  # NOON's day, 18:00 in Berlin


@pytest.mark.parametrize(
    ("now", "facts", "expected"),
    [
        ("2026-11-20T13:00", {}, "2026-11-20T18:00"),
        ("2026-11-20T18:00", {}, "2026-11-21T18:00"),
        ("2026-11-20T13:00", {"active_hours": MORNINGS}, "2026-11-21T09:00"),
        ("2026-11-20T08:59", {"active_hours": MORNINGS}, "2026-11-20T09:00"),
        # The usual hour is in quiet hours.
        (
            "2026-11-20T13:00",
            {"active_hours": MORNINGS, "quiet_start": time(22), "quiet_end": time(10)},
            "2026-11-20T18:00",
        ),
        # Quiet hours leave one hour a day.
        (
            "2026-11-20T13:00",
            {"quiet_start": time(12), "quiet_end": time(11)},
            "2026-11-21T11:00",
        ),
    ],
)
def test_the_email_of_the_day_comes_at_the_readers_hour(
    now: str, facts: dict[str, Any], expected: str
) -> None:
    leaves = daily(ReaderClock(BERLIN, **facts), datetime.fromisoformat(now).replace(tzinfo=BERLIN))

    assert leaves.at == datetime.fromisoformat(expected).replace(tzinfo=BERLIN)
    assert leaves.delay is not None


def test_a_form_chooses_the_frequency() -> None:
    assert chosen({"daily": "on"}) == {"email_frequency": Frequency.DAILY}
    assert chosen({"daily": "off"}) == {"email_frequency": Frequency.IMMEDIATE}
    with pytest.raises(InvalidRequest):
        chosen({"daily": "sometimes"})


def test_an_email_waits_for_the_hour_once() -> None:
    email = feedback(uuid4())

    assert rules.when(email, NOON).delay is Delay.DAILY
    waited = email.model_copy(update={"due_at": NOON + timedelta(hours=5)})
    assert rules.when(waited, EVENING).delay is None


def test_an_email_that_cannot_wait_or_would_come_too_late_does_not_wait() -> None:
    urgent = reminder("session_reminder_2h", email_frequency=Frequency.DAILY)
    assert rules.when(urgent, NOON).delay is None

    soon_useless = NOON + timedelta(hours=2)
    assert rules.when(feedback(uuid4()), NOON, useful_until=soon_useless).delay is None


def feedback(reader: UUID, **facts: Any) -> ClaimedEmail:
    changes = {"user_id": reader, "email_frequency": Frequency.DAILY} | facts
    return reminder("session_feedback", **changes)


def wish(reader: UUID, name: str) -> ClaimedEmail:
    email = invitation(user_id=reader, email_frequency=Frequency.DAILY)
    return email.model_copy(update={"template_data": email.template_data | {"inviter_name": name}})


@pytest.fixture
def on() -> House:
    return house()


def waiting(on: House, reader: UUID) -> list[UUID]:
    """Add five emails that can wait; return their ids."""
    emails = [wish(reader, name) for name in ("Leo", "Ada", "Kim", "Ola")]
    return [on.outbox.add(email, Priority.BULK) for email in (*emails, feedback(reader))]


def test_five_emails_of_a_day_are_one(on: House) -> None:
    emails = waiting(on, uuid4())

    service.send(on.sender, emails)
    assert on.provider.inbox == []
    assert {on.outbox.rows[one].due_at for one in emails} == {EVENING}
    on.clock.now = EVENING
    service.send(on.sender, emails)

    [sent] = on.provider.inbox
    assert sent.subject == "Leo would like to meet you"
    for part in (sent.html, sent.text):
        for also in ("Ada would like to meet you", "How was it with Leo?"):
            assert part.count(also) == 1
        assert "https://app.test/sessions/6f1c0f0e-0000-4000-8000-000000000002" in part
    assert [on.outbox.status(one) for one in emails] == ["sent"] + ["skipped"] * 4
    service.send(on.sender, emails)
    assert len(on.provider.inbox) == 1


def test_readers_do_not_share_an_email(on: House) -> None:
    maya, leo = uuid4(), uuid4()
    emails = [*waiting(on, maya), *waiting(on, leo)]
    service.send(on.sender, emails)
    on.clock.now = EVENING

    service.send(on.sender, emails)

    assert len(on.provider.inbox) == 2
    immediate = on.outbox.add(reminder("session_feedback", user_id=maya), Priority.BULK)
    service.send(on.sender, [immediate])
    assert len(on.provider.inbox) == 3, "a reader who changes the frequency gets it at once"


def test_a_repeated_request_has_the_same_text(on: House) -> None:
    emails = waiting(on, uuid4())
    service.send(on.sender, emails)
    on.clock.now = EVENING
    on.provider.faults += [LOST] * 4
    service.send(on.sender, emails)
    on.clock.advance(hours=1)

    service.send(on.sender, emails)

    assert len({key for key, _ in on.provider.requests}) == 1
    assert len({tuple(messages) for _, messages in on.provider.requests}) == 1
    assert len(on.provider.inbox) == 1
    assert on.outbox.status(emails[0]) == "sent"


def test_a_worker_that_lost_its_lease_collects_nothing(
    on: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    emails = waiting(on, uuid4())
    service.send(on.sender, emails)
    on.clock.now = EVENING
    monkeypatch.setattr(on.outbox, "collect", lambda *_: False)

    service.send(on.sender, emails)

    assert on.provider.inbox == []
    assert {on.outbox.status(one) for one in emails} == {"pending"}
