"""Simulates a month of discovery, and measures how evenly users are shown."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.support.discovery_rule import (
    MOST_SHOWN,
    NEW_FOR_DAYS,
    NEW_UNTIL_SHOWN,
    Traits,
    Two,
    listed,
    score,
)

DAILY_LOOKS = 12
_ACTIVE = 0.5  # of the users, on any day
_NEWCOMERS = 0.1  # of the users, who join during the month
_TOWN_METRES = 20_000


@dataclass
class Profile:
    """A user of a town, and how often the profile was shown."""

    number: int
    traits: Traits
    x: float
    y: float
    since: int
    best_first: list[int] = field(default_factory=list)
    swiped: set[int] = field(default_factory=set)
    shown_ever: int = 0
    shown_today: int = 0


Order = Callable[[Sequence[Profile], int], Sequence[Profile]]
"""Orders candidates, given best first, on a day."""


def best_first(candidates: Sequence[Profile], day: int) -> Sequence[Profile]:
    return candidates


def by_the_rule(candidates: Sequence[Profile], day: int) -> Sequence[Profile]:
    return listed(
        candidates,
        is_new=lambda each: each.shown_ever < NEW_UNTIL_SHOWN and each.since > day - NEW_FOR_DAYS,
        rests=lambda each: each.shown_today >= MOST_SHOWN,
    )


@dataclass(frozen=True)
class Month:
    """The views of a month."""

    exposures: list[int]
    over_the_cap: int
    """Views of a profile beyond the cap while another candidate was below it."""
    first_week: list[int]
    """How often newcomers were shown in their first week."""
    most_a_day: int


def town(size: int, days: int, dice: random.Random) -> list[Profile]:
    """Make users of all ages and wishes, and rank each one's candidates."""
    people = [_profile(number, days, dice) for number in range(size)]
    ranks: dict[int, list[tuple[float, int]]] = {each.number: [] for each in people}
    for one in people:
        for other in people[: one.number]:
            metres = ((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5
            if _fit(one.traits, other.traits, metres):
                fit = score(Two(one.traits, other.traits, metres))
                ranks[one.number].append((-fit, other.number))
                ranks[other.number].append((-fit, one.number))
    for each in people:
        each.best_first = [number for _, number in sorted(ranks[each.number])]
    return people


def _profile(number: int, days: int, dice: random.Random) -> Profile:
    age = min(int(dice.expovariate(1 / 5)), 20)
    traits = Traits(
        min_age=dice.choice((0, 0, 0, max(age - 4, 0))),
        max_age=dice.choice((20, 20, 20, min(age + 4, 20))),
        max_metres=dice.choice((10_000, 25_000, 40_000)),
        wanted_activity=dice.choice((None, None, 1, 2, 3)),
        age=age,
        activity=dice.choice((1, 2, 2, 3)),
        completed_sessions=min(int(dice.expovariate(1 / 3)), 40),
        no_shows=dice.choice((0, 0, 0, 0, 1, 2)),
    )
    since = dice.randrange(days) if dice.random() < _NEWCOMERS else -100
    return Profile(
        number, traits, dice.gauss(0, _TOWN_METRES / 4), dice.gauss(0, _TOWN_METRES / 4), since
    )


def _fit(one: Traits, other: Traits, metres: float) -> bool:
    return (
        metres <= min(one.max_metres, other.max_metres)
        and one.min_age <= other.age <= one.max_age
        and other.min_age <= one.age <= other.max_age
    )


def month(people: Sequence[Profile], days: int, order: Order, dice: random.Random) -> Month:
    """Let half of the users look at a page each day and swipe it away."""
    for each in people:
        each.swiped, each.shown_ever = set(), 0
        if each.since < 0:
            each.shown_ever = NEW_UNTIL_SHOWN
    before = [each.shown_ever for each in people]
    over = most = 0
    first_week = {each.number: 0 for each in people if 0 <= each.since < days - 7}
    for day in range(days):
        present = [each for each in people if each.since <= day]
        for each in people:
            each.shown_today = 0
        for viewer in dice.sample(present, int(len(present) * _ACTIVE)):
            candidates = [
                people[number]
                for number in viewer.best_first
                if number not in viewer.swiped and people[number].since <= day
            ]
            page = order(candidates, day)[:DAILY_LOOKS]
            over += _over(page, candidates)
            for shown in page:
                viewer.swiped.add(shown.number)
                shown.shown_today += 1
                shown.shown_ever += 1
                most = max(most, shown.shown_today)
                if shown.number in first_week and day < shown.since + 7:
                    first_week[shown.number] += 1
    exposures = [each.shown_ever - was for each, was in zip(people, before, strict=True)]
    return Month(exposures, over, list(first_week.values()), most)


def _over(page: Sequence[Profile], candidates: Sequence[Profile]) -> int:
    capped = sum(each.shown_today >= MOST_SHOWN for each in page)
    if not capped:
        return 0
    awake = sum(each.shown_today < MOST_SHOWN for each in candidates)
    return min(capped, awake - (len(page) - capped))


def gini(counts: Sequence[int]) -> float:
    """Return 0 if all are the same, and nearly 1 if one has everything."""
    total = sum(counts)
    weighted = sum(place * count for place, count in enumerate(sorted(counts), start=1))
    return 2 * weighted / (len(counts) * total) - (len(counts) + 1) / len(counts)


def towns(users: int, size: int, days: int, seed: int) -> Iterator[tuple[Month, Month]]:
    """Simulate each town twice with the same random draws: by the rule, and best first."""
    for number in range(users // size):
        people = town(size, days, random.Random(f"{seed} town {number}"))  # noqa: S311
        visits = f"{seed} visits {number}"
        yield (
            month(people, days, by_the_rule, random.Random(visits)),  # noqa: S311
            month(people, days, best_first, random.Random(visits)),  # noqa: S311
        )
