"""The sweep: every minute, whatever mail is due and not on its way is handed out."""

from typing import TYPE_CHECKING

from wingman.kit.clock import time_left
from wingman.kit.observability import logger
from wingman.notifications import service as notifications
from wingman.notifications.email.sending.repository import Outbox

if TYPE_CHECKING:
    from wingman.kit.clients.queue import Queue

PAGE = 1000
"""Mails per step; a hosted PostgREST returns no more rows than that."""
MOST = 60_000
"""Mails per minute: what a provider takes at 10 requests/s. The rest waits in the outbox, not twice
in a queue."""
_SECONDS_PER_PAGE = 8.0  # one rpc and one send to each lane, each within its timeout


def hand_out_due_mail(outbox: Outbox, queue: "Queue") -> int:
    """Enqueue what is due, page by page, until nothing is left or time is short.

    Counts the mails that are on their way. Two sweeps at once share the work: a page belongs to
    one of them. What a broken queue did not take is due again two minutes later.
    Raises DependencyUnavailable when the outbox is away.
    """
    swept = enqueued = 0
    while True:
        refs = outbox.sweep(PAGE)
        taken = notifications.enqueue(queue, refs)
        swept += len(refs)
        enqueued += taken
        if len(refs) < PAGE or taken < len(refs) or swept >= MOST:
            break
        if time_left() < _SECONDS_PER_PAGE:
            break
    logger().info("reminders.swept", extra={"due": swept, "enqueued": enqueued})
    return enqueued
