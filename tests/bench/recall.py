"""Measures how many of the best candidates the walk finds, by its stopping rule."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from local.progress import say

BEST = 20
Connection = psycopg.Connection[Any]

# Places as unit vectors, so that a distance is arithmetic. Not a temporary table, which parallel
# workers cannot read.
_PREPARED = """
    create unlogged table if not exists public.bench_candidates as
    select
        stored.user_id,
        stored.age,
        stored.min_age,
        stored.max_age,
        stored.max_metres,
        stored.activity,
        stored.wanted_activity,
        cos(place.latitude) * cos(place.longitude) as x,
        cos(place.latitude) * sin(place.longitude) as y,
        sin(place.latitude) as z,
        coalesce(known.completed_sessions, 0) as completed_sessions,
        coalesce(known.no_shows, 0) as no_shows
    from private.candidates as stored
    cross join lateral (
        select
            radians(extensions.st_y(stored.cell::extensions.geometry)) as latitude,
            radians(extensions.st_x(stored.cell::extensions.geometry)) as longitude
    ) as place
    left join private.reputations_of(array(select user_id from private.candidates)) as known
        on stored.user_id = known.user_id
"""
_INDEXED = "create unique index if not exists bench_ids on public.bench_candidates (user_id)"
# The mean radius of the earth, as PostGIS has it.
_EARTH_METRES = 6_371_008.7714150598
# All candidates within the radius whom the viewer may see, by the product's score. It reads each
# candidate once, and shares only the score with the walk.
_TRUTH = """
    with
    viewer as materialized (
        select * from public.bench_candidates where user_id = %(viewer)s
    ),
    near as materialized (
        select
            other.*,
            2 * %(earth)s * asin(least(1, sqrt(
                (other.x - viewer.x) ^ 2 + (other.y - viewer.y) ^ 2 + (other.z - viewer.z) ^ 2
            ) / 2)) as metres
        from viewer
        inner join public.bench_candidates as other
            on other.age between viewer.min_age and viewer.max_age
                and viewer.age between other.min_age and other.max_age
        where other.user_id <> %(viewer)s
            and (other.x - viewer.x) ^ 2 + (other.y - viewer.y) ^ 2 + (other.z - viewer.z) ^ 2
            <= (2 * sin(least(viewer.max_metres, other.max_metres) / (2 * %(earth)s))) ^ 2
    )
    select other.user_id
    from near as other
    cross join viewer
    where other.user_id not in (
            select pair.other_id from private.kept_apart as pair where pair.user_id = %(viewer)s
        )
        and other.user_id not in (
            select unnest(array[pair.first_id, pair.second_id])
            from private.matched_pairs as pair
            where %(viewer)s in (pair.first_id, pair.second_id)
        )
    order by
        private.pair_score(
            row(
                viewer.min_age, viewer.max_age, viewer.max_metres, viewer.wanted_activity,
                viewer.age, viewer.activity, viewer.completed_sessions, viewer.no_shows
            )::private.dog_traits,
            row(
                other.min_age, other.max_age, other.max_metres, other.wanted_activity,
                other.age, other.activity, other.completed_sessions, other.no_shows
            )::private.dog_traits,
            other.metres
        ) desc,
        other.user_id
    limit %(best)s
"""
_LISTED = """
    select (one ->> 'user_id')::uuid
    from jsonb_array_elements(private.discovery_list(%s) -> 'candidates') as one
"""


@dataclass(frozen=True)
class Rule:
    """Candidates to keep, profiles to look at."""

    kept: int
    scanned: int


def best_of(connection: Connection, viewers: Sequence[UUID]) -> Mapping[UUID, set[UUID]]:
    """Return the best of each viewer; skip viewers with too few candidates."""
    connection.execute(_PREPARED)
    connection.execute(_INDEXED)
    connection.execute("analyze public.bench_candidates")
    found = {}
    for number, viewer in enumerate(viewers, 1):
        asked = {"viewer": viewer, "best": BEST, "earth": _EARTH_METRES}
        found[viewer] = {row[0] for row in connection.execute(_TRUTH, asked).fetchall()}
        if number % 20 == 0:
            say(f"  the best of {number} viewers …")
    return {viewer: best for viewer, best in found.items() if len(best) == BEST}


def recall(connection: Connection, best: Mapping[UUID, set[UUID]]) -> float:
    """Return the share of the best candidates that the lists of the viewers hold."""
    listed = {
        viewer: {row[0] for row in connection.execute(_LISTED, [viewer]).fetchall()}
        for viewer in best
    }
    return sum(len(best[one] & listed[one]) for one in best) / (BEST * len(best))


@contextmanager
def stopping_by(connection: Connection, rule: Rule) -> Iterator[None]:
    """Replace the walk's stopping rule."""
    function = "select pg_get_functiondef('private.discovery_limits'::regproc)"
    [product] = connection.execute(function).fetchone() or [""]
    body = re.compile(r"(\bselect \d+, )(\d+), (\d+)(, )")
    assert body.search(product), product
    connection.execute(body.sub(rf"\g<1>{rule.kept}, {rule.scanned}\g<4>", product).encode())
    try:
        yield
    finally:
        connection.execute(product.encode())
