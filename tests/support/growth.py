"""The growth of a function's running time with its input."""

import time
from collections.abc import Callable


def _seconds(action: Callable[[], object]) -> float:
    """Return the shortest CPU time of several runs."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        action()
        best = min(best, time.process_time() - began)
    return best


def times_dearer(cost: Callable[[int], object], size: int) -> float:
    """Return how much longer an input of ten times the size takes."""
    return _seconds(lambda: cost(10 * size)) / max(_seconds(lambda: cost(size)), 1e-4)
