"""The sweep: enqueues, every minute, emails that are due and not yet enqueued."""

from typing import TYPE_CHECKING

from wingman.kit.clock import time_left
from wingman.kit.observability import logger
from wingman.notifications import service as notifications
from wingman.notifications.email.sending.repository import Outbox

if TYPE_CHECKING:
    from wingman.kit.clients.queue import Queue

PAGE = 1000
"""Emails per step; a hosted PostgREST returns at most this many rows."""
MAX_PER_SWEEP = 60_000
"""A provider takes as many in a minute at 10 requests/s; so no email is queued twice."""
_SECONDS_PER_PAGE = 8.0  # one rpc and one send to each lane, each within its timeout


def enqueue_due_emails(outbox: Outbox, queue: "Queue") -> int:
    """Enqueue due emails until none is left or time is short; return their number.

    Concurrent sweeps share the pages. Emails that the queue did not take are due again soon.
    """
    swept = enqueued = 0
    while True:
        refs = outbox.sweep(PAGE)
        taken = notifications.enqueue(queue, refs)
        swept += len(refs)
        enqueued += taken
        if len(refs) < PAGE or taken < len(refs) or swept >= MAX_PER_SWEEP:
            break
        if time_left() < _SECONDS_PER_PAGE:
            break
    logger().info("reminders.swept", extra={"due": swept, "enqueued": enqueued})
    return enqueued
