"""A spy who moves around finds the cell of a user, and nothing more precise.

The attack knows the rules. It reads each answer that depends on a distance, and chooses its next
place by the answers so far. Where places are not snapped to cells, it finds the user.
"""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.integration.own_database import own_database
from tests.integration.published import published
from tests.support.trilateration import Place, edges, located
from wingman.profiles.dogs.limits import LOCATION

# The middle of a cell: 52.52 by a multiple of 0.01 / cos(52.52°).
_STEP = 0.01 / math.cos(math.radians(52.52))
MIDDLE = Place(52.52, round(13.4132 / _STEP) * _STEP)
CELL_METRES = 1112.0
KILOMETRE = 1000.0
RADIUS = 10 * KILOMETRE
FAR = Place(-33.87, 151.21)
WITHOUT_CELLS = """
create or replace function private.snapped(p_latitude float8, p_longitude float8)
returns extensions.geography language sql immutable set search_path = '' as $$
    select extensions.st_setsrid(
        extensions.st_makepoint(p_longitude, p_latitude), 4326
    )::extensions.geography
$$
"""


def houses(count: int) -> list[Place]:
    """Return a grid of places in one cell, `count` in each direction."""
    offsets = [0.98 * CELL_METRES * (each / (count - 1) - 0.5) for each in range(count)]
    return [MIDDLE.towards(0, north).towards(90, east) for north in offsets for east in offsets]


HOUSES = houses(20)


@dataclass
class World:
    """A database with a spy, an accomplice and targets; all have the same profile."""

    connection: psycopg.Connection[dict[str, Any]]
    spy: UUID
    accomplice: UUID
    targets: list[UUID]

    def call(self, user_id: UUID, function: str, **params: object) -> Any:
        names = ", ".join(f"{name} => %({name})s" for name in params)
        with self.connection.transaction():
            self.connection.execute(
                "select set_config('role', 'authenticated', true),"
                " set_config('request.jwt.claims', %s, true)",
                [json.dumps({"sub": str(user_id), "role": "authenticated"})],
            )
            found = self.connection.execute(
                f"select public.{function}({names}) as answer".encode(), params
            )
            [row] = found.fetchall()
        return row["answer"]

    def move(self, user_id: UUID, place: Place) -> None:
        self.call(user_id, "put_location", p_latitude=place.latitude, p_longitude=place.longitude)

    def prefer(self, metres: float, *who: UUID) -> None:
        changes = {"distance_unit": "kilometers", "max_distance": metres / KILOMETRE}
        for each in who:
            self.call(each, "change_profile_preferences", p_changes=json.dumps(changes))

    def discovered(self) -> tuple[str, list[UUID]]:
        """Return the stage of the spy's list and its users, best first."""
        found = self.connection.execute("select private.discovery_list(%s) as list", [self.spy])
        [row] = found.fetchall()
        return row["list"]["stage"], [UUID(each["user_id"]) for each in row["list"]["candidates"]]


@contextmanager
def world(database_url: str, homes: Sequence[Place], *, cells: bool) -> Iterator[World]:
    with (
        own_database(database_url) as url,
        psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection,
    ):
        if not cells:
            connection.execute(WITHOUT_CELLS.encode())
        spy, accomplice, *targets = published(connection, 2 + len(homes))
        made = World(connection, spy, accomplice, targets)
        for target, home in zip(targets, homes, strict=True):
            made.move(target, home)
        made.move(accomplice, FAR)
        yield made


@pytest.fixture(scope="module")
def snapped(database_url: str) -> Iterator[World]:
    """Four targets in the corners of one cell."""
    with world(database_url, houses(2), cells=True) as made:
        yield made


@pytest.fixture(scope="module")
def exact(database_url: str) -> Iterator[World]:
    """A target in a corner of the cell, where places are not snapped."""
    with world(database_url, houses(2)[:1], cells=False) as made:
        yield made


Look = Callable[[World], Sequence[bool]]
"""Returns, for each target, whether the spy's question about the distance is answered yes."""


def by_distance(made: World) -> Sequence[bool]:
    cards = [made.call(made.spy, "get_card", p_user_id=target) for target in made.targets]
    return [card["distance"]["value"] <= RADIUS / KILOMETRE for card in cards]


def by_presence(made: World) -> Sequence[bool]:
    stage, ids = made.discovered()
    return [stage == "preferred" and target in ids for target in made.targets]


def by_stage(made: World) -> Sequence[bool]:
    stage, _ = made.discovered()
    return [stage == "preferred"] * len(made.targets)


def by_order(made: World) -> Sequence[bool]:
    _, ids = made.discovered()
    return [ids.index(target) < ids.index(made.accomplice) for target in made.targets]


@dataclass(frozen=True)
class Oracle:
    """An answer that depends on a distance, and how the spy uses it."""

    look: Look
    spy_reach: float = 500 * KILOMETRE
    target_reach: float = 500 * KILOMETRE
    accomplice: Place = FAR

    def prepare(self, made: World) -> None:
        made.prefer(self.spy_reach, made.spy)
        made.prefer(self.target_reach, *made.targets, made.accomplice)
        made.move(made.accomplice, self.accomplice)

    def radius(self, at: Place) -> float:
        return RADIUS if self.accomplice is FAR else at.metres_to(self.accomplice)


ORACLES = {
    "distance": Oracle(by_distance),
    "radius filter": Oracle(by_presence, spy_reach=RADIUS),
    "stage": Oracle(by_stage, spy_reach=RADIUS),
    "appearance": Oracle(by_presence, target_reach=RADIUS),
    "order": Oracle(by_order, accomplice=MIDDLE.towards(200, 6 * KILOMETRE)),
}
ALL = pytest.mark.parametrize("oracle", ORACLES.values(), ids=ORACLES)


def attack(made: World, oracle: Oracle, within: float) -> tuple[Place, int]:
    """Locate the targets, which must look alike; return the place and the number of moves."""
    oracle.prepare(made)
    seen: dict[Place, bool] = {}

    def ask(place: Place) -> bool:
        if place not in seen:
            made.move(made.spy, place)
            [seen[place]] = set(oracle.look(made))
        return seen[place]

    start = MIDDLE.towards(77, 900)
    found = edges(
        ask,
        start,
        bearings=range(0, 360, 60),
        reach=25 * KILOMETRE,
        within=within,
        radius=oracle.radius,
    )
    return located(found, start), len(seen)


@ALL
def test_without_cells_the_attack_finds_a_user_within_ten_metres(
    exact: World, oracle: Oracle
) -> None:
    place, _ = attack(exact, oracle, within=5)

    assert place.metres_to(houses(2)[0]) < 10


@ALL
def test_the_attack_finds_no_user_better_than_the_cell(snapped: World, oracle: Oracle) -> None:
    """All targets of a cell look alike from any place, so one guess serves for all."""
    place, _ = attack(snapped, oracle, within=50)

    assert median(place.metres_to(home) for home in HOUSES) >= 400


def test_no_guess_for_a_whole_cell_is_better() -> None:
    """The bound of 400 m comes from the size of the cell."""
    guesses = [
        MIDDLE.towards(0, north).towards(90, east)
        for north in range(-500, 501, 50)
        for east in range(-500, 501, 50)
    ]

    assert min(median(at.metres_to(home) for home in HOUSES) for at in guesses) >= 400


def test_a_user_moves_at_most_298_times_a_day() -> None:
    """An attack needs about fifty: three edges, each found by halving a distance."""
    day = 24 * 60 * 60

    assert LOCATION.capacity + day / LOCATION.seconds_per_token == 298


def answers(made: World, viewers: Sequence[UUID], target: UUID) -> list[str]:
    """Return discovery, cards, likes and matches of viewers; roll the counting of views back."""
    calls: list[tuple[str, dict[str, object]]] = [
        ("discover", {"p_limit": 50}),
        ("get_card", {"p_user_id": target}),
        ("list_likes", {"p_direction": "received"}),
        ("list_matches", {}),
    ]
    found = []
    for viewer in viewers:
        for function, params in calls:
            with made.connection.transaction(force_rollback=True):
                found.append(json.dumps(made.call(viewer, function, **params)))
    return found


def row_of(made: World, target: UUID) -> dict[str, Any]:
    """Return the version of a user's row in the lists; a new version changes the order of ties."""
    query = "select ctid::text, xmin::text from private.candidates where user_id = %s"
    [row] = made.connection.execute(query, [target]).fetchall()
    return row


def test_moving_within_a_cell_changes_no_byte_of_anyones_answer(database_url: str) -> None:
    """This also holds where one cell has more users than a list has places."""
    home, next_door, away = HOUSES[0], HOUSES[-1], HOUSES[0].towards(0, 5 * KILOMETRE)
    with world(database_url, [home], cells=True) as made:
        [target] = made.targets
        stranger, liked, friend, *neighbours = published(made.connection, 520)
        made.move(made.spy, home.towards(120, 3 * KILOMETRE))
        made.call(target, "put_like", p_user_id=liked)
        for one, other in ((target, friend), (friend, target)):
            made.call(one, "put_like", p_user_id=other)
        viewers = [made.spy, stranger, liked, friend, neighbours[-1]]
        before, row = answers(made, viewers, target), row_of(made, target)

        made.move(target, next_door)
        assert answers(made, viewers, target) == before
        assert row_of(made, target) == row

        made.move(target, away)
        assert answers(made, viewers, target) != before
