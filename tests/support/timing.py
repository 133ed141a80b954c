"""A comparison of the durations of two kinds of requests."""

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain

from wingman.kit.resilience.retry import pausing_with

SAMPLES = 200
SIGNIFICANT = 0.01
_ROUNDS = 3


def p_value(ones: Sequence[float], others: Sequence[float]) -> float:
    """Return the two-sided p-value of a Mann-Whitney test (normal approximation with ties)."""
    ranks, place = {}, 0.0
    for value, times in sorted(Counter(chain(ones, others)).items()):
        ranks[value] = place + (times + 1) / 2
        place += times
    n, m = len(ones), len(others)
    u = sum(ranks[value] for value in ones) - n * (n + 1) / 2
    ties = sum(t**3 - t for t in Counter(chain(ones, others)).values())
    variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
    z = (abs(u - n * m / 2) - 0.5) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))


def worked(act: Callable[[], object]) -> tuple[float, float]:
    """Return how long a step works, and how long it takes including the pauses that it asks for."""
    asked: list[float] = []
    with pausing_with(asked.append):  # recorded, not waited for
        began = time.perf_counter()
        act()
        work = time.perf_counter() - began
    return work, work + sum(asked)


def indistinguishable(one: Callable[[], object], other: Callable[[], object]) -> bool:
    """Measure in alternation; return False if every round shows a significant difference.

    A single round does so by chance once in 100.
    """
    return any(_differs(one, other) > SIGNIFICANT for _ in range(_ROUNDS))


def _differs(one: Callable[[], object], other: Callable[[], object]) -> float:
    pairs = [(worked(one)[1], worked(other)[1]) for _ in range(SAMPLES)]
    ones, others = zip(*pairs, strict=True)
    return p_value(ones, others)
