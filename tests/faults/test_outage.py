"""The provider is down for two hours: no email is lost, doubled or out of date.

Time passes by moving the times in rows, not by waiting. The senders, the database, the breaker and
the provider's sandbox are the real ones.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis import Redis

from tests.faults.emails import Meeting, remind
from tests.faults.test_exactly_once import worker
from tests.support.inbox import Inbox
from tests.support.people import People, Person
from wingman.kit.clients import circuits
from wingman.notifications.email.sending import provider as adapter
from wingman.notifications.email.sending import service as emails

__all__ = ["worker"]  # the fixture that makes this process a container

STEP = timedelta(minutes=15)
OUTAGE = timedelta(hours=2)
# The expected status, by template and minutes from the start of the outage to the meeting.
REMINDERS = {
    ("session_reminder_2h", 100): "skipped",  # due before the outage; the meeting begins during it
    ("session_reminder_2h", 119): "skipped",
    ("session_reminder_2h", 150): "sent",
    ("session_reminder_2h", 230): "sent",
    ("session_reminder_24h", 230): "skipped",  # the outage ends less than 2 h before
    ("session_reminder_24h", 250): "sent",
    ("session_reminder_24h", 25 * 60): "sent",
}
READERS = 3


@dataclass
class World:
    """Emails that become due before and during the outage, one of each kind for each reader."""

    people: People
    redis: Redis
    expected: dict[UUID, str]
    readers: list[Person]

    def row(self, template: str, reader: Person, due: timedelta, data: Mapping[str, Any]) -> UUID:
        email = uuid4()
        self.people.connection.execute(
            "insert into public.email_logs (id, user_id, email_template, recipient_email,"
            " dedupe_key, priority, due_at, enqueued_at, template_data)"
            " values (%s, %s, %s, %s, %s, 'urgent', now() + %s, now(), %s)",
            (email, reader.id, template, reader.email, email.hex, due, json.dumps(data)),
        )
        return email

    def pass_time(self) -> None:
        """Move every time one step closer, and end pauses and leases."""
        ours = list(self.expected)
        self.people.connection.execute(
            "update public.email_logs set due_at = due_at - %(step)s, enqueued_at = now(),"
            " lease_expires_at = lease_expires_at - %(step)s,"
            " group_started_at = group_started_at - %(step)s,"
            " first_failed_at = first_failed_at - %(step)s,"
            " template_data = case when template_data ? 'scheduled_time' then"
            " jsonb_set(template_data, '{scheduled_time}',"
            " to_jsonb((template_data ->> 'scheduled_time')::timestamptz - %(step)s))"
            " else template_data end where id = any(%(ours)s)",
            {"step": STEP, "ours": ours},
        )
        self.people.connection.execute("select public.resume_emails(array['urgent', 'bulk'])")
        self.redis.delete("breaker:email")
        circuits.breaker.cache_clear()

    def let_retries_come_due(self) -> None:
        self.people.connection.execute(
            "update public.email_logs set due_at = least(due_at, now()), enqueued_at = now()"
            " where id = any(%s) and error_message is not null",
            (list(self.expected),),
        )

    def stored(self) -> dict[UUID, tuple[str, str | None]]:
        rows = self.people.connection.execute(
            "select id, delivery_status, error_message from public.email_logs where id = any(%s)",
            (list(self.expected),),
        ).fetchall()
        return {email: (status, why) for email, status, why in rows}


def _record(people: People, redis: Redis) -> World:
    world = World(people, redis, {}, [people.new() for _ in range(READERS)])
    for reader in world.readers:
        for (template, minutes), expected in REMINDERS.items():
            starts = timedelta(minutes=minutes)
            before = timedelta(hours=2 if template.endswith("_2h") else 24)
            session = {
                "session_id": str(uuid4()),
                "partner_name": "Leo",
                "venue_name": "Park",
                "scheduled_time": (datetime.now(UTC) + starts).isoformat(),
            }
            world.expected[world.row(template, reader, starts - before, session)] = expected
        for minutes in (1, 45, 115):
            match = {"match_id": str(uuid4()), "partner_name": "Leo"}
            due = timedelta(minutes=minutes)
            world.expected[world.row("match_declined", reader, due, match)] = "sent"
    return world


@pytest.fixture
def world(people: People, inbox: Inbox, stack: dict[str, str], worker: None) -> Iterator[World]:
    with Redis.from_url(stack["REDIS_URL"]) as redis:
        yield _record(people, redis)
    _end(people, inbox)


def _end(people: People, inbox: Inbox) -> None:
    inbox.heal()
    people.connection.execute("select public.resume_emails(array['urgent', 'bulk'])")


def _send(world: World) -> None:
    """Send several times, so that each due group gets its turn."""
    for _ in range(4):
        emails.send(emails.sender(), list(world.expected))


@pytest.mark.parametrize("mode", ["error_500", "timeout"])
def test_useful_emails_are_sent_once_after_two_hours_and_the_rest_is_skipped(
    world: World, inbox: Inbox, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "TIMEOUT_SECONDS", 0.3)
    inbox.fault(mode, 1_000_000)
    for _ in range(OUTAGE // STEP):
        _send(world)
        world.pass_time()
    assert {status for status, _ in world.stored().values()} <= {"pending", "skipped"}

    inbox.heal()
    for _ in range(3):
        _send(world)
        world.let_retries_come_due()

    stored = world.stored()
    assert {email: status for email, (status, _) in stored.items()} == world.expected
    assert {why for status, why in stored.values() if status == "skipped"} == {"no_longer_useful"}
    accepted = [email["tags"] for reader in world.readers for email in inbox.of(reader)]
    ids = [tag["value"] for tags in accepted for tag in tags if tag["name"] == "email_id"]
    due = {str(email) for email, status in world.expected.items() if status == "sent"}
    assert Counter(ids) == Counter(due)


@pytest.fixture
def meetings(people: People, inbox: Inbox, worker: None) -> Iterator[list[Meeting]]:
    """Two meetings whose reminders are due now."""
    yield [remind(people) for _ in range(2)]
    _end(people, inbox)


@pytest.mark.parametrize("mode", ["error_500", "timeout"])
@pytest.mark.parametrize("change", [Meeting.cancel, Meeting.move])
def test_a_reminder_of_a_meeting_that_changed_in_the_outage_is_left_out_of_its_request(
    meetings: list[Meeting],
    inbox: Inbox,
    change: Callable[[Meeting], None],
    mode: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapter, "TIMEOUT_SECONDS", 0.3)
    changed, stands = (meeting.reminders for meeting in meetings)
    every = replace(stands, refs=[*changed.refs, *stands.refs])
    inbox.fault(mode, 1_000_000)
    emails.send(emails.sender(), [ref.id for ref in every.refs])
    [group] = every.column("send_group")
    assert group is not None  # the provider may have accepted it

    change(meetings[0])
    inbox.heal()
    every.expire_leases()
    emails.send(emails.sender(), [ref.id for ref in every.refs])

    stands.assert_accepted_exactly_once(inbox)
    assert every.column("send_group") == {group}
    assert changed.statuses() == {"skipped"}
    assert changed.column("error_message") == {"superseded"}
    subjects = [subject for reader in changed.readers for subject in inbox.subjects(reader)]
    assert not [subject for subject in subjects if subject.startswith("Coming up: ")]
