"""The current time, and the time that this invocation has left."""

import gc
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Protocol

from wingman import COLLECTION
from wingman.kit.observability import metrics, quieten_libraries

# Reserved from every outgoing call, so that there is time to answer after the call failed.
MARGIN_SECONDS = 0.5
SHORTEST_TIMEOUT_SECONDS = 0.05

_ends_at: ContextVar[float] = ContextVar("invocation_ends_at", default=float("inf"))


class LambdaContext(Protocol):
    def get_remaining_time_in_millis(self) -> int: ...


def utc_now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def deadline(context: LambdaContext | None) -> Iterator[None]:
    """Limit outgoing calls in this block to the invocation's end; flush its metrics at exit."""
    quieten_libraries()
    _begin()
    left = context.get_remaining_time_in_millis() / 1000 if context else float("inf")
    try:
        with within(left - MARGIN_SECONDS):
            yield
    finally:
        metrics().flush()


def _begin() -> None:
    """Prepare the container at its first invocation, which follows a restore from a snapshot.

    Garbage collection resumes, but skips the objects that the imports created. Without a new seed,
    all containers of a snapshot would draw the same numbers, and retry at the same moments.
    """
    if gc.get_threshold() != COLLECTION:
        gc.freeze()
        gc.set_threshold(*COLLECTION)
        random.seed()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Limit outgoing calls in this block to the next `seconds`."""
    token = _ends_at.set(min(time.monotonic() + seconds, _ends_at.get()))
    try:
        yield
    finally:
        _ends_at.reset(token)


def time_left() -> float:
    return max(_ends_at.get() - time.monotonic(), SHORTEST_TIMEOUT_SECONDS)


def page_by_page(step: Callable[[], int], size: int, *, seconds: float) -> int:
    """Repeat `step`, which returns a count, until a count is below `size`; return the total.

    Stops early when the invocation has less than `seconds` left.
    """
    done = 0
    while True:
        page = step()
        done += page
        if page < size or time_left() < seconds:
            return done
