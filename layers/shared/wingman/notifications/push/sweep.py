"""The sweep: enqueues, every minute, pushes that are due and not yet enqueued."""

from typing import TYPE_CHECKING

from wingman.kit.clock import time_left
from wingman.notifications import service as notifications
from wingman.notifications.push.repository import Pushes

if TYPE_CHECKING:
    from wingman.kit.clients.queue import Queue

PAGE = 1000
_SECONDS_PER_PAGE = 8.0


def enqueue_due_pushes(pushes: Pushes, queue: "Queue") -> int:
    """Enqueue due pushes page by page, until none is left or time is short; return their number.

    Raises DependencyUnavailable when the database is unavailable.
    """
    enqueued = 0
    while True:
        due = pushes.sweep(PAGE)
        taken = notifications.enqueue(queue, due)
        enqueued += taken
        if len(due) < PAGE or taken < len(due) or time_left() < _SECONDS_PER_PAGE:
            return enqueued
