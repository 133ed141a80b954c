"""The sweep enqueues all due emails once, within its time limit."""

from uuid import UUID

import pytest

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
from wingman.kit.clock import deadline
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.email.sending import sweep as service
from wingman.notifications.email.sending.sweep import PAGE
from wingman.notifications.models import Priority


@pytest.fixture(autouse=True)
def lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URGENT_QUEUE_URL", URGENT_URL)
    monkeypatch.setenv("EMAIL_BULK_QUEUE_URL", BULK_URL)
    monkeypatch.setenv("PUSH_QUEUE_URL", PUSH_URL)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    settings._load.cache_clear()


def outbox_of(urgent: int, bulk: int = 0) -> MemoryOutbox:
    outbox = MemoryOutbox(Clock())
    for number in range(urgent + bulk):
        priority = Priority.URGENT if number < urgent else Priority.BULK
        outbox.add(invitation(id=UUID(int=number)), priority)
    return outbox


def test_an_email_with_a_lost_message_is_enqueued() -> None:
    queue = MemoryQueue()

    assert service.enqueue_due_emails(outbox_of(urgent=1), queue) == 1

    assert queue.ids(URGENT_URL) == [str(UUID(int=0))]


def test_both_lanes_are_swept_page_by_page_until_nothing_is_left() -> None:
    queue = MemoryQueue()

    assert service.enqueue_due_emails(outbox_of(urgent=PAGE + 1, bulk=PAGE), queue) == 2 * PAGE + 1

    assert len(queue.ids(URGENT_URL)) == PAGE + 1
    assert len(queue.ids(BULK_URL)) == PAGE


def test_a_second_sweep_enqueues_nothing_twice() -> None:
    queue, outbox = MemoryQueue(), outbox_of(urgent=3)

    service.enqueue_due_emails(outbox, queue)
    service.enqueue_due_emails(outbox, queue)

    assert len(queue.ids(URGENT_URL)) == 3


def test_emails_wait_for_the_next_sweep_when_time_is_short() -> None:
    queue = MemoryQueue()

    with deadline(Context(seconds=3)):
        service.enqueue_due_emails(outbox_of(urgent=3 * PAGE), queue)

    assert len(queue.ids(URGENT_URL)) == PAGE


def test_a_broken_queue_ends_the_sweep() -> None:
    outbox = outbox_of(urgent=3 * PAGE)

    assert service.enqueue_due_emails(outbox, MemoryQueue(broken=True)) == 0

    assert sum(row.enqueued_at is not None for row in outbox.rows.values()) == PAGE


def test_an_unavailable_outbox_raises() -> None:
    with pytest.raises(DependencyUnavailable):
        service.enqueue_due_emails(OutboxAway(Clock()), MemoryQueue())
