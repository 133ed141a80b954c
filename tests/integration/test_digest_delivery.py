"""A recorded digest is sent like any email that can wait, and only to readers who still want it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.connections import Row
from tests.integration.database import DirectDatabase, Person, look
from tests.integration.own_database import own_database
from tests.integration.test_database_weekly_digest import (
    MONDAY,
    SUNDAY,
    met,
    reader,
    record,
    stored,
)
from tests.unit.notifications.email.sending.fakes import House, house
from wingman.notifications.email.letters.links import Link, read
from wingman.notifications.email.models import Category
from wingman.notifications.email.sending import service
from wingman.notifications.email.sending.repository import DatabaseOutbox

NIGHT, DAY = MONDAY, MONDAY.replace(hour=10)


@pytest.fixture
def url(database_url: str) -> Iterator[str]:
    with own_database(database_url) as own:
        yield own


@pytest.fixture
def maya(url: str) -> Person:
    """A reader in London with a digest in the outbox."""
    person = reader(url, "Europe/London")
    met(url, person, SUNDAY)
    assert record(url, MONDAY) == 1
    return person


def digest(url: str, person: Person) -> Row:
    [email] = [email for email in stored(url, person) if email["email_template"] == "weekly_digest"]
    return email


class DatabaseAt(DirectDatabase):
    """A claim looks back from the database's own clock; here it looks back from `now`."""

    def __init__(self, url: str, now: datetime) -> None:
        super().__init__(url)
        self._now = now

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        if function == "claim_emails":
            look_back = datetime.now(UTC) - self._now + timedelta(days=2)
            params = {**params, "p_look_back": look_back}
        return super().rpc(function, params, idempotent=idempotent)


def send(url: str, person: Person, now: datetime) -> tuple[House, Row]:
    built = house()
    outbox = DatabaseOutbox(DatabaseAt(url, now))
    service.send(replace(built.sender, outbox=outbox, now=lambda: now), [digest(url, person)["id"]])
    return built, digest(url, person)


def test_a_digest_waits_for_the_morning(url: str, maya: Person) -> None:
    built, email = send(url, maya, NIGHT)

    assert built.provider.inbox == []
    assert (email["delivery_status"], email["error_message"]) == ("pending", "quiet_hours")
    assert email["due_at"] == MONDAY.replace(hour=8, minute=0)


def test_a_digest_names_the_category_that_turns_it_off(url: str, maya: Person) -> None:
    built, email = send(url, maya, DAY)

    [sent] = built.provider.inbox
    assert email["delivery_status"] == "sent"
    assert sent.subject == "Your week: 1 meeting"
    token = str(sent.unsubscribe_url).partition("?token=")[2]
    assert maya.user_id is not None
    assert read(("a secret, long enough",), token) == Link(maya.user_id, Category.MARKETING_EMAILS)


def test_a_reader_of_three_emails_today_gets_the_digest_tomorrow(url: str, maya: Person) -> None:
    look(
        url,
        "insert into public.email_logs (user_id, email_template, recipient_email, dedupe_key,"
        " priority, delivery_status, send_group, group_position, group_started_at)"
        " select %s, 'match_declined', %s, gen_random_uuid(), 'urgent', 'sent',"
        " gen_random_uuid(), 0, %s from generate_series(1, 3)",
        *(maya.user_id, maya.email, DAY - timedelta(hours=1)),
    )

    built, email = send(url, maya, DAY)

    assert built.provider.inbox == []
    assert email["error_message"] == "daily_cap"
    assert email["due_at"] == DAY.replace(day=24, hour=8, minute=0)


@pytest.mark.parametrize(
    ("change", "now", "reason"),
    [
        ("update public.email_preferences set choices = '{}'", DAY, "preference_off"),
        ("delete from public.email_preferences", DAY, "preference_off"),
        ("select 1", DAY + timedelta(days=5), "no_longer_useful"),
    ],
)
def test_a_digest_that_is_no_longer_wanted_is_skipped(
    url: str, maya: Person, change: str, now: datetime, reason: str
) -> None:
    look(url, change)

    built, email = send(url, maya, now)

    assert built.provider.inbox == []
    assert (email["delivery_status"], email["error_message"]) == ("skipped", reason)
