"""The handler of the minutely schedule: one sweep."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import imported
from tests.unit.notifications.email.sending.fakes import (
    BULK_URL,
    PUSH_URL,
    URGENT_URL,
    Clock,
    Context,
    MemoryOutbox,
    MemoryQueue,
    OutboxAway,
    invitation,
)
from wingman.kit import settings
from wingman.kit.clients.database import Database
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.email.sending import repository

app = imported("session_reminders")
EVERY_MINUTE = json.loads(
    (Path(__file__).parents[2] / "events/session_reminders/every_minute.json").read_text()
)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> MemoryQueue:
    monkeypatch.setenv("EMAIL_URGENT_QUEUE_URL", URGENT_URL)
    monkeypatch.setenv("EMAIL_BULK_QUEUE_URL", BULK_URL)
    monkeypatch.setenv("PUSH_QUEUE_URL", PUSH_URL)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    settings._load.cache_clear()
    memory = MemoryQueue()
    monkeypatch.setattr(app, "queue", lambda: memory)
    monkeypatch.setattr(app, "get_service_client", Lanes)
    monkeypatch.setattr(app, "redis", lambda: None)
    monkeypatch.setattr(app, "realtime", lambda: None)
    return memory


class Lanes(Database):
    """The operator's view of the outbox."""

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        paused = {"paused_until": "2999-01-01T00:00:00Z", "paused_reason": "quota"}
        idle = {"depth": 0, "oldest_seconds": 0, "sending": 0}
        return {
            "show_lanes": [
                {"priority": "urgent", **idle, "paused_until": None, "paused_reason": None},
                {"priority": "bulk", "depth": 7, "oldest_seconds": 61.5, "sending": 0, **paused},
            ],
            "list_departures": [],
            "list_due_notifications": 0,
            "record_message_emails": 0,
            "sweep_pushes": [],
            "list_ended_sessions": [],
            "count_dead_letters": [{"delivery_status": "failed", "emails": 9, "within_an_hour": 3}],
        }[function]


def test_a_sweep_enqueues_the_emails_that_are_due(
    monkeypatch: pytest.MonkeyPatch, queue: MemoryQueue
) -> None:
    outbox, email = MemoryOutbox(Clock()), uuid4()
    outbox.add(invitation(id=email))
    monkeypatch.setattr(repository, "outbox", lambda: outbox)

    assert app.handler(EVERY_MINUTE, Context()) == {"enqueued": 1}
    assert queue.ids(URGENT_URL) == [str(email)]


def test_a_second_sweep_enqueues_nothing(
    monkeypatch: pytest.MonkeyPatch, queue: MemoryQueue
) -> None:
    outbox = MemoryOutbox(Clock())
    outbox.add(invitation())
    monkeypatch.setattr(repository, "outbox", lambda: outbox)

    app.handler(EVERY_MINUTE, Context())

    assert app.handler(EVERY_MINUTE, Context()) == {"enqueued": 0}
    assert len(queue.ids(URGENT_URL)) == 1


def test_a_sweep_fails_without_the_database(
    monkeypatch: pytest.MonkeyPatch, queue: MemoryQueue
) -> None:
    monkeypatch.setattr(repository, "outbox", lambda: OutboxAway(Clock()))

    with pytest.raises(DependencyUnavailable):
        app.handler(EVERY_MINUTE, Context())
    assert queue.sent == []


def test_a_sweep_reports_depth_age_pauses_and_dead_letters(
    monkeypatch: pytest.MonkeyPatch, queue: MemoryQueue, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(repository, "outbox", lambda: MemoryOutbox(Clock()))

    app.handler(EVERY_MINUTE, Context())

    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    bulk = [line for line in metrics if line.get("lane") == "bulk"]
    names = ("EmailQueueDepth", "EmailQueueAge", "EmailLanePaused")
    assert [line[name] for line, name in zip(bulk, names, strict=True)] == [[7], [61.5], [1]]
    dead = {line["status"]: line["EmailGivenUp"] for line in metrics if "status" in line}
    assert dead == {"failed": [3], "unknown": [0]}
