"""The database's backlog (emails, pushes, photos, reports) and its migrations."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import psycopg

from local.doctor.findings import Finding, Findings, fail, ok, warn
from local.migrations import files, ledger
from local.stack import CHECKOUT
from wingman.kit.clients.database import get_service_client
from wingman.notifications.email.operating import repository
from wingman.notifications.email.operating.models import Lane
from wingman.notifications.models import Priority

# The ages at which the alarms of template.yaml fire.
_LONGEST_WAIT = {Priority.URGENT: 300.0, Priority.BULK: 14_400.0}


class _Limit(NamedTuple):
    seconds: float
    advice: str


_BACKLOG: Mapping[str, _Limit] = {
    "pushes": _Limit(300, "the log of push_sender; docs/operating.md: When pushes are silent"),
    "notifications": _Limit(300, "the log of session_reminders, which lists them every minute"),
    "photos": _Limit(600, "docs/operating.md: When photos are stuck"),
    "objects": _Limit(3600, "the log of photo_sweep, which deletes them every minute"),
    "ended sessions": _Limit(600, "the log of session_reminders, and Redis"),
    "departures": _Limit(600, "the log of session_reminders, and Redis"),
    "reports": _Limit(86_400, "`make reports`: users wait for a decision"),
}


def emails() -> Findings:
    """Read the outbox's lanes and dead letters."""
    database = get_service_client()
    for lane in repository.lanes(database):
        yield _lane(lane)
    failed, unknown = repository.dead_letter_counts(database)
    recent = failed.within_an_hour + unknown.within_an_hour
    text = (
        f"dead letters: {failed.emails} failed, {unknown.emails} unknown, {recent} within an hour"
    )
    yield warn("emails", text, "`make dead-letters`") if recent else ok("emails", text)


def _lane(lane: Lane) -> Finding:
    text = (
        f"{lane.priority}: {lane.depth} due, the oldest for {lane.oldest_seconds:.0f} s,"
        f" {lane.sending} at the provider"
    )
    if lane.paused_until is not None:
        return fail("emails", f"{text}; paused: {lane.paused_reason}", "`make email-status`")
    if lane.oldest_seconds > _LONGEST_WAIT[lane.priority]:
        return fail("emails", text, "`make email-status`; the log of email_sender")
    return ok("emails", text)


def backlog() -> Findings:
    """Read the rest of the workers' backlog."""
    for row in get_service_client().rpc("show_backlog", {}, idempotent=True):
        yield _waiting(row)


def _waiting(row: Mapping[str, Any]) -> Finding:
    name, seconds = row["name"], row["oldest_seconds"]
    text = f"{name}: {row['waiting']} waiting"
    if row["paused"]:
        return fail("backlog", f"{text}; paused: {row['paused']}", _BACKLOG[name].advice)
    if seconds is None:
        return ok("backlog", text)
    text = f"{text}, the oldest for {seconds:.0f} s"
    limit = _BACKLOG[name]
    return fail("backlog", text, limit.advice) if seconds > limit.seconds else ok("backlog", text)


def migrations() -> Findings:
    """Compare this checkout's files with the applied migrations."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        yield warn("migrations", "not checked: DATABASE_URL is not set", "set it")
        return
    with psycopg.connect(url, connect_timeout=5) as connection:
        applied = ledger(connection).keys()
    here = {path.stem.partition("_")[0] for path in files(CHECKOUT)}
    text = f"{len(applied)} applied, the newest is {max(applied, default='none')}"
    if missing := sorted(here - applied):
        yield fail("migrations", f"{text}; {missing[0]} is missing", "`make deploy`, or `make up`")
    elif unknown := sorted(applied - here):
        yield warn("migrations", f"{text}; this checkout lacks {unknown[0]}", "pull the newest one")
    else:
        yield ok("migrations", text)
