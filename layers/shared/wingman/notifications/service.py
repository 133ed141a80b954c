"""Enqueues recorded notifications."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger
from wingman.kit.settings import load
from wingman.notifications.models import MAX_BATCH, Channel, Due, Priority
from wingman.notifications.settings import QueueSettings

if TYPE_CHECKING:
    from wingman.kit.clients.queue import Queue  # imports botocore, which not all callers need


def enqueue(queue: "Queue", due: Sequence[Due]) -> int:
    """Enqueue recorded notifications, best effort; return how many were enqueued.

    A failure is logged, not raised: they are recorded, so the request has succeeded, and the sweep
    enqueues them within minutes.
    """
    if not due:
        return 0
    settings = load(QueueSettings)
    lanes = {
        Priority.URGENT: settings.email_urgent_queue_url,
        Priority.BULK: settings.email_bulk_queue_url,
    }
    emails = [one for one in due if one.channel is Channel.EMAIL]
    enqueued = 0
    for priority, url in lanes.items():
        ids = [str(one.id) for one in emails if one.priority is priority]
        enqueued += _enqueue(queue, url, ids, Channel.EMAIL)
    pushes = [one for one in due if one.channel is Channel.PUSH]
    for seconds in sorted({one.in_seconds for one in pushes}):
        ids = [str(one.id) for one in pushes if one.in_seconds == seconds]
        enqueued += _enqueue(queue, settings.push_queue_url, ids, Channel.PUSH, seconds)
    return enqueued


def _enqueue(
    queue: "Queue", url: str, ids: Sequence[str], channel: Channel, seconds: int = 0
) -> int:
    bodies = [{f"{channel}_ids": chunk} for chunk in _chunks(ids)]
    try:
        if bodies:
            queue.send(url, bodies, delay_seconds=seconds)
    except DependencyUnavailable:
        details = {"channel": channel, "count": len(ids)}
        logger().warning("notifications.enqueue_failed", extra=details)
        return 0
    return len(ids)


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), MAX_BATCH):
        yield ids[start : start + MAX_BATCH]
