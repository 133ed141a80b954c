"""A restored database continues without sending anything twice, and keeps deletions."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from local.backups import archive, restoring, taking
from local.redis_users import APP
from tests.integration.backups import (
    Sandboxes,
    Workers,
    notify,
    redis_of,
    restored,
    sandboxes,
)
from tests.integration.database import Person, bind, look, new_person
from tests.integration.meetings import Pair, new_pair
from tests.integration.pushes import Phones
from tests.integration.talking import Talk
from wingman.kit.clients.commands import Commands
from wingman.kit.presence.touching import departed_key, ended_key
from wingman.notifications.email.operating.weeks import last_weeks

# Keys that refuse the tokens of deleted accounts and ended sessions.
MARKED = {"departed:user:*", "ended:session:*"}


@pytest.fixture
def to(stack: Mapping[str, str]) -> Iterator[Sandboxes]:
    with sandboxes(stack) as found:
        yield found


@pytest.fixture
def redis(stack: Mapping[str, str]) -> Iterator[Commands]:
    with redis_of(stack) as found:
        yield found


def remember(redis: Commands, *marks: str) -> None:
    """Store keys of each kind in Redis, on more than one page, and these marks."""
    for pattern in set(APP.keys) - MARKED:
        for _ in range(100):
            redis.run("SET", pattern.replace("*", str(uuid4())), "of the original")
    for mark in marks:
        redis.run("SET", mark, "1")


@dataclass(frozen=True)
class Readers:
    """People of the original and their phones; they have emails and pushes due at the backup."""

    maya: Person
    phone: str
    met: Pair
    met_phone: str
    writing: Pair

    def received(self, to: Sandboxes) -> tuple[Counter[str], Counter[str]]:
        people = (self.maya, self.met.first, self.writing.second)
        subjects = [to.subjects(person) for person in people]
        texts = [to.texts(token) for token in (self.phone, self.met_phone)]
        return sum(subjects, Counter()), sum(texts, Counter())


def readers(url: str) -> Readers:
    maya, met, writing = new_person(url, "Maya"), new_pair(url), new_pair(url, "Rex", "Bella")
    phones = Phones(url)
    found = Readers(maya, phones.give(maya)[1], met, phones.give(met.first)[1], writing)
    look(
        url,
        "insert into public.email_preferences"
        " (user_id, quiet_hours_start, quiet_hours_end, choices)"
        """ select id, null, null, '{"messages": true}' from public.user_profiles""",
    )
    return found


def leave_to_schedules(there: Readers) -> None:
    """Leave work for the schedules: a meeting to close, and an unread message to push and email."""
    session_id = there.met.session(timedelta(hours=-25))
    there.met.store(session_id, user2_completed_confirmed_by_user1=True)
    Talk(there.writing).send(there.writing.first)
    for late in (
        "update public.messages set sent_at = now() - interval '2 days'",
        "update private.conversation_members set email_at = now() where email_at is not null",
        "update public.notifications set due_at = now() where seq is null and kind = 'message'",
    ):
        look(there.met.url, late)


def release(url: str, email: UUID) -> None:
    """Refuse the request of an email: it leaves its group, and next time has another key."""
    look(
        url,
        "update public.email_logs set delivery_status = 'pending', send_group = null,"
        " group_position = null, group_started_at = null, lease_token = null,"
        " lease_expires_at = null where id = %s",
        email,
    )


def log_in_again(url: str, there: Readers) -> None:
    """Register the phones again, because the restore has ended their sessions."""
    phones = Phones(url)
    phones.give(there.maya, there.phone)
    phones.give(there.met.first, there.met_phone)


def due_now(url: str, email: UUID) -> None:
    look(url, "update public.email_logs set due_at = now() where id = %s", email)


def test_a_restored_database_sends_nothing_twice(
    original: str, empty: str, to: Sandboxes, tmp_path: Path
) -> None:
    there, at_work = readers(original), Workers(original, to)
    notify(original, there.maya, "Sent before")
    at_work.run()
    notify(original, there.maya, "Waiting")
    in_flight = notify(original, there.maya, "In flight")
    bind(original, in_flight)
    later = notify(original, there.maya, "Later", minutes=60)
    leave_to_schedules(there)
    taking.take(original, tmp_path / "backup")
    release(original, in_flight)
    at_work.run()
    before = there.received(to)

    settled = restored(empty, tmp_path / "backup")
    look(empty, "update public.email_logs set lease_expires_at = now() where id = %s", in_flight)
    log_in_again(empty, there)
    after = Workers(empty, to)
    after.run()

    assert there.received(to) == before
    due_now(empty, later)
    notify(empty, there.maya, "New")
    after.run()
    subjects, texts = there.received(to)
    assert subjects - before[0] == Counter(["Later said yes", "New said yes"])
    assert {"Waiting said yes", "In flight said yes"} < subjects.keys()
    assert max(subjects.values()) == max(texts.values()) == 1
    for held in ("emails", "pushes", "message_emails", "feedback_requests"):
        assert settled[f"{held}_held"] > 0
    assert settled["notifications_listed"] > 0


def test_a_system_that_stopped_before_its_backup_continues_where_it_stopped(
    original: str, empty: str, to: Sandboxes, tmp_path: Path
) -> None:
    there = readers(original)
    notify(original, there.maya, "Waiting")
    in_flight = notify(original, there.maya, "In flight")
    bind(original, in_flight)
    leave_to_schedules(there)
    stopped_at = datetime.now(UTC)
    taking.take(original, tmp_path / "backup")

    restored(empty, tmp_path / "backup", stopped_at)
    look(empty, "update public.email_logs set lease_expires_at = now() where id = %s", in_flight)
    Workers(empty, to).run()

    subjects, texts = there.received(to)
    assert {"Waiting said yes", "In flight said yes"} < subjects.keys()
    assert len(subjects) == 5
    assert len(texts) == 3
    assert look(empty, "select id from auth.sessions") != []


def test_an_email_that_came_due_after_the_stop_leaves(
    original: str, empty: str, to: Sandboxes, tmp_path: Path
) -> None:
    there = readers(original)
    notify(original, there.maya, "Just in time")
    late = notify(original, there.maya, "Too late", minutes=60)
    taking.take(original, tmp_path / "backup")
    stopped_at = datetime.now(UTC)
    look(original, "update public.email_logs set due_at = now() where id = %s", late)

    restored(empty, tmp_path / "backup", stopped_at)
    due_now(empty, late)
    Workers(empty, to).run()

    assert there.received(to)[0] == Counter(["Too late said yes"])
    [held] = look(empty, "select * from public.email_logs where delivery_status = 'unknown'")
    assert held["error_message"] == "the original may have sent it before the restore"


def test_sessions_end_and_deleted_accounts_stay_deleted(
    original: str, empty: str, to: Sandboxes, redis: Commands, tmp_path: Path
) -> None:
    there = readers(original)
    there.met.session(timedelta(hours=2))
    taking.take(original, tmp_path / "backup")
    gone, partner = there.met.second, there.met.first
    assert gone.user_id is not None
    marks = [departed_key(gone.user_id), ended_key(uuid4())]
    remember(redis, *marks)

    restoring.restore(
        empty,
        tmp_path / "backup",
        archive.opened(tmp_path / "backup"),
        stopped_at=datetime.now(UTC),
        commands=redis,
    )
    Workers(empty, to).run()

    accounts = {row["id"] for row in look(empty, "select id from auth.users")}
    assert accounts == {
        person.user_id
        for person in (there.maya, partner, there.writing.first, there.writing.second)
    }
    assert look(empty, "select id from auth.sessions") == []
    assert look(empty, "select token from private.devices") == []
    assert there.received(to) == (Counter(), Counter())
    assert sorted(redis.run("KEYS", "*")) == sorted(marks)
    [audit] = look(empty, "select settled from private.restorations")
    assert audit["settled"]["accounts_deleted_again"] == 1


def test_a_digest_of_the_week_is_not_recorded_again(original: str, tmp_path: Path) -> None:
    reader = new_person(original)
    now = datetime.now(UTC)
    look(
        original,
        "insert into public.email_preferences (user_id, choices)"
        """ values (%s, '{"marketing_emails": true}')""",
        reader.user_id,
    )

    look(original, "select public.settle_restored(%s, %s)", now - timedelta(days=1), now)

    held = look(original, "select dedupe_key from private.held_notifications")
    assert {row["dedupe_key"] for row in held} == {
        f"weekly_digest:{reader.user_id}:{week.name}" for week in last_weeks(now)
    }
