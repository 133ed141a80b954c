"""Refusals that take equally long, whatever their reason."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from wingman.kit.clock import time_left
from wingman.kit.errors import DependencyUnavailable, ProblemError
from wingman.kit.resilience.retry import pause

# A wrong password takes Supabase Auth 50 to 150 ms, an unknown address less than 10.
REFUSAL_SECONDS = 0.5


@contextmanager
def evenly(seconds: float = REFUSAL_SECONDS) -> Iterator[None]:
    """Delay a refusal to the next multiple of `seconds`, so that its time reveals nothing."""
    began = time.monotonic()
    try:
        yield
    except DependencyUnavailable:
        raise
    except ProblemError:
        passed = time.monotonic() - began
        pause(min(seconds - passed % seconds, time_left()))
        raise
