"""The rules of docs/decisions/038-discovery.md in Python: scores, reasons, order of a list."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

MOST_SHOWN = 60
NEW_UNTIL_SHOWN = 100
NEW_FOR_DAYS = 14
SLOT_OF_NEW = 10

T = TypeVar("T")


@dataclass(frozen=True)
class Traits:
    """A dog, and what its owner is looking for."""

    min_age: int
    max_age: int
    max_metres: float
    wanted_activity: int | None
    age: int
    activity: int
    completed_sessions: int
    no_shows: int


@dataclass(frozen=True)
class Two:
    """Two dogs at a distance."""

    one: Traits
    other: Traits
    metres: float

    @property
    def turned(self) -> "Two":
        return Two(self.other, self.one, self.metres)


def satisfaction(viewer: Traits, other: Traits, metres: float) -> float:
    """Return the product of four factors: distance, age, activity and reputation."""
    best_age = min(max(viewer.age, viewer.min_age), viewer.max_age)
    outside = max(viewer.min_age - other.age, other.age - viewer.max_age, 0)
    if viewer.wanted_activity is None:
        levels = 0.4 * abs(other.activity - viewer.activity)
    else:
        levels = abs(other.activity - viewer.wanted_activity)
    kept = other.completed_sessions + 3
    promised = other.completed_sessions + other.no_shows + 4
    parts: tuple[float, ...] = (
        (1 + 4 * metres / max(viewer.max_metres, 1000)) ** -0.4,
        (1 + abs(other.age - best_age) / 8 + outside) ** -0.25,
        (1 + levels) ** -0.2,
        (kept / promised) ** 0.15,
    )
    return math.prod(parts)


def score(two: Two) -> float:
    there = satisfaction(two.one, two.other, two.metres)
    back = satisfaction(two.other, two.one, two.metres)
    return math.sqrt(there * back)


def reasons(two: Two) -> set[str]:
    """Return every reason that applies to the other dog."""
    viewer, other = two.one, two.other
    reliable = other.completed_sessions >= max(3, 10 * other.no_shows)
    wanted = other.activity == viewer.wanted_activity
    truths = {
        "nearby": two.metres <= viewer.max_metres / 4,
        "beyond_your_distance": two.metres > viewer.max_metres,
        "similar_age": abs(other.age - viewer.age) <= 1,
        "outside_your_ages": not viewer.min_age <= other.age <= viewer.max_age,
        "wanted_activity": wanted,
        "same_activity": other.activity == viewer.activity and not wanted,
        "keeps_appointments": reliable,
    }
    return {name for name, true in truths.items() if true}


def listed(
    best_first: Sequence[T], *, is_new: Callable[[T], bool], rests: Callable[[T], bool]
) -> list[T]:
    """Put resting profiles last; at least one of the first five is new, two of fifteen, and so on.

    At most 4 + 9 * (k - 1) other profiles come before the k-th new one.
    """
    order = sorted(best_first, key=rests)
    keys = []
    seen_new = 0
    for place, each in enumerate(order, start=1):
        if is_new(each) and not rests(each):
            seen_new += 1
            keys.append(min(place, (SLOT_OF_NEW - 1) * (seen_new - 1) + SLOT_OF_NEW / 2 - 0.5))
        else:
            keys.append(place)
    return [each for _, _, each in sorted(zip(keys, range(len(order)), order, strict=True))]
