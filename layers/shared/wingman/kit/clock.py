"""What time it is, and how much of this invocation is left."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Protocol

from wingman.kit.observability import metrics, quieten_libraries

# Kept back from every outgoing call, so that there is time to answer after it failed.
MARGIN_SECONDS = 0.5
SHORTEST_TIMEOUT_SECONDS = 0.05

_ends_at: ContextVar[float] = ContextVar("invocation_ends_at", default=float("inf"))


class LambdaContext(Protocol):
    """The part of the runtime's context object that tells the time."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the runtime stops this invocation."""
        ...


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


@contextmanager
def deadline(context: LambdaContext | None) -> Iterator[None]:
    """Hold every outgoing call inside to the end of this invocation; then write what it counted."""
    quieten_libraries()
    left = context.get_remaining_time_in_millis() / 1000 if context else float("inf")
    try:
        with within(left - MARGIN_SECONDS):
            yield
    finally:
        metrics().flush()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Hold every outgoing call inside to the next `seconds`."""
    token = _ends_at.set(min(time.monotonic() + seconds, _ends_at.get()))
    try:
        yield
    finally:
        _ends_at.reset(token)


def time_left() -> float:
    """Return the seconds that an outgoing call may still use; infinite outside an invocation."""
    return max(_ends_at.get() - time.monotonic(), SHORTEST_TIMEOUT_SECONDS)


def page_by_page(step: Callable[[], int], size: int, *, seconds: float) -> int:
    """Repeat `step`, which says how much it did, until that is less than `size`; return the sum.

    Ends early where the invocation has less than `seconds` left for one more.
    """
    done = 0
    while True:
        page = step()
        done += page
        if page < size or time_left() < seconds:
            return done
