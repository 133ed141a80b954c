"""Enqueueing: ids on two lanes, and no failure when the queue is unavailable."""

import logging
from uuid import uuid4

import pytest

from tests.unit.notifications.email.sending.fakes import BULK_URL, PUSH_URL, URGENT_URL, MemoryQueue
from wingman.kit import settings
from wingman.notifications import service
from wingman.notifications.models import Channel, Due, Priority


@pytest.fixture(autouse=True)
def lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URGENT_QUEUE_URL", URGENT_URL)
    monkeypatch.setenv("EMAIL_BULK_QUEUE_URL", BULK_URL)
    monkeypatch.setenv("PUSH_QUEUE_URL", PUSH_URL)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    settings._load.cache_clear()


def refs(count: int, priority: Priority) -> list[Due]:
    return [Due(id=uuid4(), priority=priority) for _ in range(count)]


def test_each_email_goes_to_the_lane_of_its_priority() -> None:
    queue = MemoryQueue()
    urgent, bulk = refs(2, Priority.URGENT), refs(1, Priority.BULK)

    assert service.enqueue(queue, [urgent[0], bulk[0], urgent[1]]) == 3

    assert queue.ids(URGENT_URL) == [str(ref.id) for ref in urgent]
    assert queue.ids(BULK_URL) == [str(ref.id) for ref in bulk]


def test_a_message_names_up_to_a_hundred_emails() -> None:
    queue = MemoryQueue()

    service.enqueue(queue, refs(250, Priority.URGENT))

    [(_, bodies)] = queue.sent
    assert [len(list(body["email_ids"])) for body in bodies] == [100, 100, 50]  # type: ignore[call-overload]


def test_pushes_have_a_queue_of_their_own() -> None:
    queue = MemoryQueue()
    push, email = (
        Due(channel=Channel.PUSH, id=uuid4(), priority=Priority.URGENT),
        refs(1, Priority.URGENT),
    )

    assert service.enqueue(queue, [push, *email]) == 2

    sent = dict(queue.sent)
    assert sent[PUSH_URL] == [{"push_ids": [str(push.id)]}]
    assert queue.ids(URGENT_URL) == [str(email[0].id)]


def test_a_push_for_later_waits_in_the_queue() -> None:
    queue = MemoryQueue()
    later, now = (
        Due(channel=Channel.PUSH, id=uuid4(), priority=Priority.URGENT, in_seconds=seconds)
        for seconds in (30, 0)
    )

    assert service.enqueue(queue, [later, now]) == 2

    sent = [bodies for _, bodies in queue.sent]
    assert sent == [[{"push_ids": [str(one.id)]}] for one in (now, later)]
    assert queue.delays == [0, 30]


def test_without_due_emails_the_queue_is_not_called() -> None:
    queue = MemoryQueue()

    assert service.enqueue(queue, []) == 0
    assert queue.sent == []


def test_a_broken_queue_is_logged_and_left_to_the_sweep(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert service.enqueue(MemoryQueue(broken=True), refs(3, Priority.URGENT)) == 0

    [record] = [line for line in caplog.records if line.message == "notifications.enqueue_failed"]
    assert (vars(record)["channel"], vars(record)["count"]) == ("email", 3)
