"""The age of an email counts from the moment it became due, whatever was tried since."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.integration.database import (
    DirectDatabase,
    Person,
    bind,
    claim,
    email_row,
    look,
    new_email,
)
from tests.unit.notifications.email.sending.fakes import LOST, House, house, invitation
from wingman.notifications.email.operating import repository
from wingman.notifications.email.sending import service
from wingman.notifications.email.sending.provider import BatchReply
from wingman.notifications.email.sending.repository import DatabaseOutbox
from wingman.notifications.email.sending.rules import Reply
from wingman.notifications.models import Priority

LONG = timedelta(minutes=70)
SOON = timedelta(minutes=1)


@pytest.fixture
def url(url: str) -> str:
    look(url, "delete from public.email_logs")
    repository.resume(DirectDatabase(url), list(Priority))
    return url


@pytest.fixture
def email(url: str, leo: Person) -> UUID:
    """Return an invitation that has been due for 70 minutes, for a reader without quiet hours."""
    look(
        url,
        "insert into public.email_preferences (user_id, quiet_hours_start, quiet_hours_end)"
        " values (%s, null, null)",
        leo.user_id,
    )
    data = invitation().template_data | {"expires_at": "2999-01-01T00:00:00Z"}
    return new_email(url, leo, due_at=datetime.now(UTC) - LONG, template_data=Jsonb(data))


@pytest.fixture
def built(url: str) -> House:
    """Return a sender on the real outbox, whose provider is in memory."""
    built = house()
    outbox = DatabaseOutbox(DirectDatabase(url))
    built.sender = replace(built.sender, outbox=outbox, now=lambda: datetime.now(UTC))
    return built


def age(url: str, lane: Priority = Priority.URGENT) -> timedelta:
    """Return what the alarm sees of a lane."""
    (seconds,) = (
        one.oldest_seconds for one in repository.lanes(DirectDatabase(url)) if one.priority is lane
    )
    return timedelta(seconds=seconds)


def is_time_again(url: str) -> None:
    """Make everything due that an attempt has postponed."""
    look(url, "update public.email_logs set due_at = now() where due_at > now()")
    repository.resume(DirectDatabase(url), list(Priority))


def latencies(capsys: pytest.CaptureFixture[str]) -> list[timedelta]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    found = [line["EmailAcceptLatency"] for line in lines if "EmailAcceptLatency" in line]
    return [timedelta(milliseconds=one) for values in found for one in values]


@pytest.mark.parametrize(
    "fault",
    [
        LOST,
        BatchReply(Reply.UNREACHABLE),
        BatchReply(Reply.RATE_LIMITED),
        BatchReply(Reply.QUOTA_EXHAUSTED),
        BatchReply(Reply.REFUSED),
    ],
    ids=lambda fault: str(fault.reply),
)
def test_an_email_that_is_retried_or_paused_for_an_hour_is_an_hour_old(
    url: str, email: UUID, built: House, capsys: pytest.CaptureFixture[str], fault: BatchReply
) -> None:
    for _ in range(3):
        built.provider.faults = [fault] * 4
        service.send(built.sender, [email])
        assert email_row(url, email)["due_at"] > datetime.now(UTC)
        assert LONG <= age(url) < LONG + SOON
        is_time_again(url)
        assert LONG <= age(url) < LONG + SOON
    assert latencies(capsys) == []

    built.provider.faults = []
    service.send(built.sender, [email])

    assert email_row(url, email)["delivery_status"] == "sent"
    (took,) = latencies(capsys)
    assert LONG <= took < LONG + SOON
    assert age(url) == timedelta(0)


def test_an_email_whose_senders_die_stays_as_old_as_it_is(url: str, email: UUID) -> None:
    bind(url, email)
    for _ in range(2):
        assert LONG <= age(url) < LONG + SOON
        look(url, "update public.email_logs set lease_expires_at = now()")
        (claimed,) = claim(url, email)
        assert datetime.now(UTC) - claimed["due_at"] >= LONG


def test_an_email_that_we_postpone_is_not_late(
    url: str, leo: Person, built: House, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    look(
        url,
        "insert into public.email_preferences"
        " (user_id, timezone, quiet_hours_start, quiet_hours_end) values (%s, 'UTC', %s, %s)",
        *(leo.user_id, (now - LONG).time(), (now + LONG).time()),
    )
    data = {
        "session_id": str(UUID(int=1)),
        "partner_name": "Maya",
        "venue_name": "Café",
        "scheduled_time": (now - LONG).isoformat(),
    }
    columns = {"template_data": Jsonb(data), "priority": "bulk", "due_at": now - LONG}
    email = new_email(url, leo, email_template="session_feedback", **columns)
    look(url, "update public.email_logs set first_due_at = due_at")  # it has been tried before

    service.send(built.sender, [email])

    assert email_row(url, email)["error_message"] == "quiet_hours"
    assert age(url, Priority.BULK) == timedelta(0)
    look(
        url, "update public.email_preferences set quiet_hours_start = null, quiet_hours_end = null"
    )
    is_time_again(url)
    assert age(url, Priority.BULK) < SOON
    service.send(built.sender, [email])
    (took,) = latencies(capsys)
    assert took < SOON


def test_a_replayed_email_is_due_from_now_on(url: str, email: UUID) -> None:
    look(
        url,
        "update public.email_logs set delivery_status = 'failed', first_due_at = due_at"
        " where id = %s",
        email,
    )
    assert len(repository.replay(DirectDatabase(url), email_ids=[email])) == 1
    assert age(url) < SOON
