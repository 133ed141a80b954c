"""How the running time of a function grows with its input."""

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


def times_longer(cost: Callable[[int], object], size: int) -> float:
    """Return how many times longer ten times the input takes: 10 if linear, 100 if quadratic."""
    return _seconds(lambda: cost(10 * size)) / max(_seconds(lambda: cost(size)), 1e-4)
