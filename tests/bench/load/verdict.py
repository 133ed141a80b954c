"""Finds where a stepped run saturates, and why: pure functions of the measurements."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local.edge.api import CONCURRENCY
from tests.bench.load.plan import Step
from tests.bench.load.use import FUNCTIONS, OTHERS, Use

# Each of these programs runs Python, or Redis, on one thread.
ONE_THREAD = ("edge", "ministack", "redis", "resend", "auth")
POOL = 20  # PGRST_DB_POOL of the local stack
_FULL = 0.9
# Users have to wait if less than this share of the calls that they want to make is answered.
_KEPT_UP = 0.9
_STEEP = 6


@dataclass(frozen=True)
class Measured:
    """A step, the seconds of its calls by name, its errors by text, and the use of each part."""

    step: Step
    taken: Mapping[str, Sequence[float]]
    errors: Mapping[str, int]
    use: Use
    pace: float = 1.0

    @property
    def calls(self) -> list[float]:
        """Return the seconds of the requests; WebSocket calls have their own rows."""
        return [each for name, taken in self.taken.items() if is_request(name) for each in taken]

    @property
    def rate(self) -> float:
        return len(self.calls) / self.step.seconds

    @property
    def offered(self) -> float:
        return self.step.users * self.pace

    @property
    def in_flight(self) -> float:
        """Return the mean number of requests under way (Little's law)."""
        return sum(self.calls) / self.step.seconds

    def percentile(self, share: float) -> float:
        return percentile(self.calls, share)


def is_request(name: str) -> bool:
    return not name.startswith("WebSocket")


def percentile(taken: Sequence[float], share: float) -> float:
    """Return a percentile by nearest rank; NaN if there are no values."""
    ordered = sorted(taken)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else math.nan


def is_saturated(steps: Sequence[Measured]) -> bool:
    """Return whether users wait in the last step, unlike in an earlier one.

    Users make fewer calls than their pace allows, because some turns wait for an email or a photo.
    So their rate is compared with that of users who did not wait for each other.
    """
    *earlier, last = steps
    if not earlier:
        return False
    steep = any(
        last.percentile(share) > _STEEP * min(each.percentile(share) for each in earlier)
        for share in (0.5, 0.99)
    )
    return steep or last.rate < _KEPT_UP * last.step.users * calls_of_one(earlier)


def calls_of_one(steps: Sequence[Measured]) -> float:
    """Return the calls per second of a user who did not wait for the others."""
    return max(each.rate / each.step.users for each in steps)


def highest(steps: Sequence[Measured]) -> Measured:
    """Return the step with the most requests per second."""
    return max(steps, key=lambda each: each.rate)


def users_at(share: float, steps: Sequence[Measured]) -> int:
    """Return how many users make this share of the highest rate."""
    return max(1, round(share * highest(steps).rate / calls_of_one(steps)))


def bottleneck(measured: Measured) -> str:
    """Name the exhausted resource of a saturated step; a full thread explains a full machine."""
    use = measured.use
    threads = {name: use.cores.get(name, 0.0) for name in ONE_THREAD}
    fullest = max(threads, key=lambda name: threads[name])
    if threads[fullest] >= _FULL:
        return f"the one thread of `{fullest}` ({threads[fullest]:.2f} cores)"
    if use.busy >= _FULL * use.processors:
        functions, others = use.cores.get(FUNCTIONS, 0.0), use.cores.get(OTHERS, 0.0)
        return (
            f"the CPU of the machine ({use.busy:.1f} of {use.processors} cores, {functions:.1f} "
            f"of them functions and {others:.1f} other work)"
        )
    if measured.in_flight >= _FULL * CONCURRENCY:
        return f"the edge, which lets {CONCURRENCY} requests through at a time"
    if use.pool >= _FULL * POOL:
        return f"PostgREST's pool of {POOL} connections"
    return "nothing that was measured: users wait for something else"
