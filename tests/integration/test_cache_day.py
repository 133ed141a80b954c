"""A day of traffic, replayed against real Redis with a clock that runs a day in seconds.

The traffic is generated, not recorded: 50 people, 200 visits, more of them at noon and in the
evening. A visit is 4 to 16 screens, about 20 s apart, of a client without a cache of its own. Each
screen reads the visitor's own reputation, and either those of the six people of a list (the next
six after one list in five) or that of the one person that was opened. The people shown follow
Zipf's law. Every twentieth visit ends with a meeting that changes two reputations. Everything is
drawn from one seed.
"""

import itertools
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from tests.support.redis import ClockedCommands, DirectCommands
from wingman.kit.cache.cache import Cache, Source
from wingman.kit.clients.database import Database
from wingman.kit.limits.limiter import Limiter
from wingman.reputation import service
from wingman.reputation.models import SharedReputation

PEOPLE, VISITS, SEED = 50, 200, 3
VISITS_BY_HOUR = [1, 1, 1, 1, 1, 2, 4, 6, 7, 6, 6, 7, 9, 8, 6, 6, 7, 9, 12, 14, 14, 12, 8, 4]


@dataclass(frozen=True)
class Moment:
    """At `second` of the day, these people are shown, or these two have met."""

    second: float
    people: tuple[int, ...]
    met: bool = False


class Meetings(Database):
    """Counts the meetings of each person, independently of the cache."""

    def __init__(self) -> None:
        self.ids = [uuid4() for _ in range(PEOPLE)]
        self.completed: Counter[UUID] = Counter()

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        completed = self.completed[UUID(str(params["p_user_id"]))]
        return {"completed_sessions": completed, "no_shows": 0, "kept_from": []}


def a_day() -> list[Moment]:
    chance = random.Random(SEED)  # noqa: S311 - the same day each time
    popularity = [1 / rank for rank in range(1, PEOPLE + 1)]
    visits = itertools.chain.from_iterable(_visit(chance, popularity) for _ in range(VISITS))
    return sorted(visits, key=lambda moment: moment.second)


def _visit(chance: random.Random, popularity: list[float]) -> Iterator[Moment]:
    def six() -> tuple[int, ...]:
        return tuple(chance.choices(range(PEOPLE), popularity, k=6))

    (hour,) = chance.choices(range(24), VISITS_BY_HOUR)
    second = 3600 * (hour + chance.random())
    visitor, shown = chance.randrange(PEOPLE), six()
    for _ in range(chance.randint(4, 16)):
        second += chance.expovariate(1 / 20)
        shows_list = chance.random() < 0.5
        yield Moment(second, (visitor, *(shown if shows_list else shown[:1])))
        if shows_list and chance.random() < 0.2:
            shown = six()
    if chance.random() < 0.05:
        yield Moment(second, (visitor, shown[0]), met=True)


def test_four_in_five_reads_of_a_day_are_hits_and_none_is_stale(
    stack: dict[str, str],
) -> None:
    commands, key = DirectCommands(stack["REDIS_URL"]), f"clock:{uuid4()}"
    clock, database = ClockedCommands(commands, key), Meetings()
    cache = Cache(clock, Limiter(clock), SharedReputation, service.AGES)
    midnight, sources = clock.now, Counter[Source]()
    for moment in a_day():
        clock.advance(midnight + moment.second - clock.now)
        people = [database.ids[number] for number in moment.people]
        if moment.met:
            database.completed.update(people)
            service.forget(cache, people)
            continue
        for person in people:
            _, found = cache.look_up(service.key(person), {})
            answer = service.get(database, cache, found, person, reader_id=person)
            assert answer.value.completed_sessions == database.completed[person]
            sources[answer.source] += 1
    rate = sources[Source.HIT] / sources.total()
    print(f"{sources.total()} reads, {rate:.1%} hits")  # noqa: T201 - shown by pytest -s
    assert sources.total() > 7_500
    assert rate > 0.8
