"""The schedule's handler: one sweep, told in numbers."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from functions.session_reminders import app
from tests.unit.emails.fakes import (
    BULK_URL,
    URGENT_URL,
    Clock,
    Context,
    MemoryOutbox,
    MemoryQueue,
    OutboxAway,
    invitation,
)
from wingman.emails import service
from wingman.kit import settings
from wingman.kit.errors import DependencyUnavailable

EVERY_MINUTE = json.loads(
    (Path(__file__).parents[2] / "events/session_reminders/every_minute.json").read_text()
)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> MemoryQueue:
    monkeypatch.setenv("EMAIL_URGENT_QUEUE_URL", URGENT_URL)
    monkeypatch.setenv("EMAIL_BULK_QUEUE_URL", BULK_URL)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    settings._load.cache_clear()
    memory = MemoryQueue()
    monkeypatch.setattr(app, "queue", lambda: memory)
    return memory


def test_a_minute_hands_out_what_is_due(
    monkeypatch: pytest.MonkeyPatch, queue: MemoryQueue
) -> None:
    outbox, mail = MemoryOutbox(Clock()), uuid4()
    outbox.add(invitation(id=mail))
    monkeypatch.setattr(service, "outbox", lambda: outbox)

    assert app.handler(EVERY_MINUTE, Context()) == {"enqueued": 1}
    assert queue.ids(URGENT_URL) == [str(mail)]


def test_the_same_minute_twice_hands_out_nothing_more(
    monkeypatch: pytest.MonkeyPatch, queue: MemoryQueue
) -> None:
    outbox = MemoryOutbox(Clock())
    outbox.add(invitation())
    monkeypatch.setattr(service, "outbox", lambda: outbox)

    app.handler(EVERY_MINUTE, Context())

    assert app.handler(EVERY_MINUTE, Context()) == {"enqueued": 0}
    assert len(queue.ids(URGENT_URL)) == 1


def test_with_the_database_away_the_run_fails_and_shows_in_the_alarms(
    monkeypatch: pytest.MonkeyPatch, queue: MemoryQueue
) -> None:
    monkeypatch.setattr(service, "outbox", lambda: OutboxAway(Clock()))

    with pytest.raises(DependencyUnavailable):
        app.handler(EVERY_MINUTE, Context())
    assert queue.sent == []
