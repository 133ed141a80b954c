"""Neighbourhoods of dogs, and an independent calculation of the users that discovery shows."""

import hashlib
import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from tests.integration.database import look
from tests.support.profiles import haversine

LEVELS = ["low", "medium", "high"]
STAGES = ["preferred", "wider", "anywhere"]
# From private.discovery_limits.
MOST_SHOWN, NEW_DAYS, NEW_UNTIL_SHOWN, SLOT = 60, 14, 100, 10


@dataclass
class Dog:
    """A user with a published profile, as the tables have it."""

    id: UUID
    latitude: float
    longitude: float
    age: int = 4
    activity: str = "medium"
    min_age: int = 0
    max_age: int = 20
    max_metres: float = 40_233.6
    wanted: str | None = None
    completed: int = 0
    no_shows: int = 0
    shown: int = 0
    shown_ever: int = 0
    known_days: int = 60
    # The middle of the cell, read from the database: another test is about cells.
    cell: Mapping[str, float] = field(default_factory=dict)


_TABLES = [
    (
        "insert into public.dog_profiles (user_id, display_name, age, activity_level, latitude,"
        " longitude, located_at, created_at)"
        " select id, 'Rex', age, activity, latitude, longitude, now(), now() from dogs"
    ),
    (
        "insert into public.photos (user_id, sort_order, content_type, size_bytes, status,"
        " object_path, width, height, placeholder)"
        " select id, n, 'image/png', 5, 'ready', 'public/' || md5(id::text || n), 9, 9, 'x'"
        " from dogs cross join generate_series(1, 2) as n"
    ),
    (
        "insert into public.profile_preferences"
        " (user_id, min_age, max_age, max_metres, distance_unit, activity_level)"
        " select id, min_age, max_age, max_metres, 'miles', wanted from dogs"
    ),
    (
        "insert into private.past_outcomes (user_id, counts_as, counted_at)"
        " select id, 'completed', now() from dogs cross join generate_series(1, completed)"
        " union all"
        " select id, 'no_show', now() from dogs cross join generate_series(1, no_shows)"
    ),
    (
        "update private.exposures as stored set shown = dogs.shown, shown_ever = dogs.shown_ever,"
        " counted_on = (now() at time zone 'UTC')::date,"
        " discoverable_since = now() - known_days * interval '1 day'"
        " from dogs where stored.user_id = dogs.id"
    ),
]


def settle(url: str, dogs: Sequence[Dog]) -> None:
    """Store the dogs through the triggers, and read their cells."""
    rows = [{name: _plain(value) for name, value in vars(dog).items()} for dog in dogs]
    with psycopg.connect(url) as connection:
        connection.execute(
            "create temporary table dogs on commit drop as select * from"
            " jsonb_to_recordset(%s) as dog (id uuid, latitude double precision,"
            " longitude double precision, age smallint, activity text, min_age smallint,"
            " max_age smallint, max_metres numeric, wanted text, completed integer,"
            " no_shows integer, shown integer, shown_ever integer, known_days integer)",
            [Jsonb(rows)],
        )
        connection.execute("insert into auth.users (id, email) select id, id || '@x.org' from dogs")
        for statement in _TABLES:
            connection.execute(statement.encode())
        cells = connection.execute(
            "select user_id, extensions.st_y(cell::extensions.geometry),"
            " extensions.st_x(cell::extensions.geometry) from private.candidates"
        ).fetchall()
    where = {user_id: {"latitude": lat, "longitude": lng} for user_id, lat, lng in cells}
    for dog in dogs:
        dog.cell = where[dog.id]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def discovery_list(url: str, viewer: Dog) -> Any:
    [row] = look(url, "select private.discovery_list(%s) as answer", viewer.id)
    return row["answer"]


def listed(url: str, viewer: Dog) -> list[UUID]:
    return [UUID(one["user_id"]) for one in discovery_list(url, viewer)["candidates"]]


def metres(one: Dog, other: Dog) -> float:
    return haversine(dict(one.cell), dict(other.cell))


def stage_of(viewer: Dog, other: Dog) -> int | None:
    """Return the first stage in which the viewer sees the other one, if there is one."""
    if not other.min_age <= viewer.age <= other.max_age:
        return None
    if not viewer.min_age - 2 <= other.age <= viewer.max_age + 2:
        return None
    limit = min(viewer.max_metres, other.max_metres)
    if metres(viewer, other) <= limit and viewer.min_age <= other.age <= viewer.max_age:
        return 0
    return 1 if metres(viewer, other) <= 2 * limit else 2


def satisfaction(viewer: Dog, other: Dog) -> float:
    best_age = min(max(viewer.age, viewer.min_age), viewer.max_age)
    years_outside = max(viewer.min_age - other.age, other.age - viewer.max_age, 0)
    steps = abs(LEVELS.index(other.activity) - LEVELS.index(viewer.wanted or viewer.activity))
    parts = {
        0.4: 1 / (1 + 4 * metres(viewer, other) / max(viewer.max_metres, 1000)),
        0.25: 1 / (1 + abs(other.age - best_age) / 8 + years_outside),
        0.2: 1 / (1 + steps * (1 if viewer.wanted else 0.4)),
        0.15: (other.completed + 3) / (other.completed + other.no_shows + 4),
    }
    product: float = math.prod(part**weight for weight, part in parts.items())
    return product


def score(one: Dog, other: Dog) -> float:
    return math.sqrt(satisfaction(one, other) * satisfaction(other, one))


def reasons(viewer: Dog, other: Dog) -> list[str]:
    far = metres(viewer, other)
    true = {
        "nearby": far <= viewer.max_metres / 4,
        "beyond_your_distance": far > viewer.max_metres,
        "similar_age": abs(viewer.age - other.age) <= 1,
        "outside_your_ages": not viewer.min_age <= other.age <= viewer.max_age,
        "wanted_activity": other.activity == viewer.wanted,
        "same_activity": other.activity == viewer.activity != viewer.wanted,
        "keeps_appointments": other.completed >= max(3, 10 * other.no_shows),
        "new_here": is_new(other),
    }
    return [name for name, holds in true.items() if holds]


def is_new(dog: Dog) -> bool:
    return dog.known_days < NEW_DAYS and dog.shown_ever < NEW_UNTIL_SHOWN


def expected(viewer: Dog, others: Iterable[Dog]) -> dict[str, Any]:
    """Return the expected list of a viewer who has no past with these others."""
    stages: dict[int, list[Dog]] = {}
    for other in others:
        stage = stage_of(viewer, other)
        if stage is not None:
            stages.setdefault(stage, []).append(other)
    stage = min(stages, default=2)
    order = sorted(
        stages.get(stage, []),
        key=lambda other: (
            other.shown >= MOST_SHOWN,
            -score(viewer, other),
            hashlib.md5(f"{viewer.id}{other.id}".encode(), usedforsecurity=False).hexdigest(),
        ),
    )
    return {
        "stage": STAGES[stage],
        "radius_metres": None if stage == 2 else viewer.max_metres * (stage + 1),
        "candidates": [
            {
                "user_id": str(other.id),
                "score": round(score(viewer, other), 2),
                "reasons": reasons(viewer, other),
            }
            for other in _with_new_ones(order)
        ],
    }


def _with_new_ones(order: list[Dog]) -> list[Dog]:
    """Let one of the first five be new, two of the first fifteen, and so on."""
    left = list(order)
    waiting = deque(dog for dog in order if is_new(dog) and dog.shown < MOST_SHOWN)
    new, placed = len(waiting), list[Dog]()
    while left:
        due = (len(placed) + 1 + SLOT // 2) // SLOT
        dog = waiting[0] if waiting and new - len(waiting) < due else left[0]
        left.remove(dog)
        if waiting and dog is waiting[0]:
            waiting.popleft()
        placed.append(dog)
    return placed
