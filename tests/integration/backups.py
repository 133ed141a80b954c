"""Migrated databases like those of projects, and workers that send to sandboxes."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import Jsonb
from redis import Redis

from local.backups import archive, restoring
from tests.integration.database import WORKER, DirectDatabase, Person, call, look, rows
from tests.integration.own_database import (
    SUPABASE,
    empty_database,
    own_database,
    run_scripts,
)
from tests.integration.pushes import MANY
from tests.support.fcm import FcmSandbox
from tests.support.functions import DEFAULTS
from tests.support.inbox import Inbox
from tests.support.redis import DirectCommands
from tests.unit.notifications.email.sending.fakes import house
from wingman.kit import settings
from wingman.kit.clients.commands import Commands
from wingman.kit.clock import utc_now
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.sending import provider as email_provider
from wingman.notifications.email.sending import service as emails
from wingman.notifications.email.sending.delivery import Sender
from wingman.notifications.email.sending.repository import DatabaseOutbox
from wingman.notifications.push import provider as push_provider
from wingman.notifications.push import service as pushes
from wingman.notifications.push.repository import DatabasePushes

_LEDGER = """
    create schema supabase_migrations;
    create table supabase_migrations.schema_migrations (
        version text primary key, statements text[], name text
    )
"""


@contextmanager
def project(database_url: str) -> Iterator[str]:
    """Make a project with all migrations and no rows; its ledger is a copy of the stack's."""
    with own_database(database_url) as made:
        with psycopg.connect(database_url) as stack, psycopg.connect(made) as connection:
            connection.execute(_LEDGER)
            rows = stack.execute("select * from supabase_migrations.schema_migrations").fetchall()
            for row in rows:
                insert = "insert into supabase_migrations.schema_migrations values (%s, %s, %s)"
                connection.execute(insert, row[:3])
        yield _address(database_url, made)


@contextmanager
def bare_project(database_url: str) -> Iterator[str]:
    """Make a project as Supabase provides it."""
    with empty_database(database_url) as made:
        run_scripts(made, SUPABASE)
        yield _address(database_url, made)


def _address(url: str, made: str) -> str:
    return f"{url.rpartition('/')[0]}/{conninfo_to_dict(made)['dbname']}"


@dataclass(frozen=True)
class Sandboxes:
    """Both providers, and their sandboxes."""

    inbox: Inbox
    fcm: FcmSandbox
    emails: email_provider.EmailProvider
    pushes: push_provider.PushProvider

    def subjects(self, person: Person) -> Counter[str]:
        return Counter(str(email["subject"]) for email in self.inbox.to(person.email))

    def texts(self, token: str) -> Counter[str]:
        return Counter(push["notification"]["body"] for push in self.fcm.pushes(token))


@contextmanager
def sandboxes(stack: Mapping[str, str]) -> Iterator[Sandboxes]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (DEFAULTS | dict(stack)).items():
            patch.setenv(name, value)
        settings._load.cache_clear()
        with Inbox(stack["RESEND_API_URL"]) as inbox, FcmSandbox(stack["FCM_URL"]) as fcm:
            yield Sandboxes(
                inbox,
                fcm,
                email_provider.provider.__wrapped__(),
                push_provider.provider.__wrapped__(),
            )
    settings._load.cache_clear()


@dataclass(frozen=True)
class Workers:
    """The schedules and the senders of one database."""

    url: str
    to: Sandboxes

    def run(self) -> None:
        """Run the schedules of the minute and the hour, and send all that is due."""
        call(self.url, WORKER, "record_message_emails", p_limit=100)
        rows(self.url, WORKER, "close_overdue_sessions", p_limit=100)
        call(self.url, WORKER, "list_due_notifications", p_limit=100)
        for due in rows(self.url, WORKER, "sweep_emails", p_limit=100):
            emails.send(self._sender(), [due["id"]])
        call(self.url, WORKER, "sweep_pushes", p_limit=100)
        database = DatabasePushes(DirectDatabase(self.url))
        sender = pushes.Sender(database, self.to.pushes, Brand(), "https://app.example")
        pushes.send(sender, MANY)

    def _sender(self) -> Sender:
        outbox = DatabaseOutbox(DirectDatabase(self.url))
        return replace(house().sender, outbox=outbox, provider=self.to.emails, now=utc_now)


@contextmanager
def redis_of(stack: Mapping[str, str]) -> Iterator[Commands]:
    """Yield an empty database of the stack's Redis that no part of the stack uses."""
    url = f"{stack['REDIS_URL'].rstrip('/')}/7"
    with Redis.from_url(url) as server:
        server.flushdb()
        yield DirectCommands(url)
        server.flushdb()


def notify(url: str, person: Person, partner: str, minutes: int = 0) -> UUID:
    """Notify a person of an answer by a partner of this name; return the id of the email."""
    facts = {"match_id": str(UUID(int=1)), "partner_name": partner, "role": "inviter"}
    look(
        url,
        "select private.notify(%s, 'match_accepted', %s, %s,"
        " p_due_at => now() + make_interval(mins => %s))",
        *(person.user_id, Jsonb(facts), partner, minutes),
    )
    [email] = look(
        url,
        "select id from public.email_logs where dedupe_key like %s",
        f"match_accepted:%:{partner}",
    )
    return UUID(str(email["id"]))


def copied(folder: Path, to: Path) -> Path:
    """Copy a backup, to damage the copy."""
    to.mkdir()
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


def restored(url: str, folder: Path, stopped_at: datetime | None = None) -> Mapping[str, Any]:
    return restoring.restore(
        url,
        folder,
        archive.opened(folder),
        stopped_at=stopped_at or datetime.now(UTC),
        commands=None,
    )
