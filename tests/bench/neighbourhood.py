"""A database of seeded users, and viewers for whom discovery is hard."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg

from local.progress import say
from local.seed.filling import cities, fill
from tests.integration.database import look
from tests.integration.own_database import own_database

VIEWERS = 12
CASES = ("dense", "dense, 3000 swiped", "rural", "no one fits")
_RADIUS = Path(__file__).with_name("radius.sql")

# In the largest city, in an order that does not depend on where they live.
_DENSE = """
    select user_id from private.candidates
    where extensions.st_dwithin(
        cell, extensions.st_makepoint(%s, %s)::extensions.geography, 8000, false
    )
    order by md5(user_id::text) limit %s
"""
_ANYWHERE = "select user_id from private.candidates order by md5(user_id::text) limit %s"
# Of 1000 users, those whose fiftieth inhabited cell is farthest away.
_RURAL = """
    with viewer as materialized (
        select user_id, cell from private.candidates order by md5(user_id::text) limit 1000
    )
    select viewer.user_id
    from viewer
    cross join lateral (
        select known.cell operator (extensions.<->) viewer.cell as metres
        from private.candidate_cells as known
        order by 1 offset 49 limit 1
    ) as fiftieth
    order by fiftieth.metres desc limit %s
"""
_SWIPE_NEAREST = """
    insert into public.passes (user_id, passed_id)
    select near.viewer_id, near.user_id
    from (
        select
            viewer.user_id as viewer_id,
            other.user_id
        from private.candidates as viewer
        inner join private.candidates as other
            on extensions.st_dwithin(other.cell, viewer.cell, 10000, false)
        where viewer.user_id = %s and other.user_id <> viewer.user_id
        order by extensions.st_distance(other.cell, viewer.cell, false), other.user_id
        limit 3000
    ) as near
    where not exists (
        select from public.likes as liked
        where liked.user_id = near.viewer_id and liked.liked_id = near.user_id
    )
    on conflict do nothing
"""
# No dog is that old.
_WISH_FOR_NO_ONE = """
    insert into public.profile_preferences (
        user_id, min_age, max_age, max_metres, distance_unit
    )
    values (%s, 20, 20, 500000, 'kilometers')
    on conflict (user_id) do update set min_age = 20, max_age = 20, max_metres = 500000
"""


@contextmanager
def neighbourhood(url: str, profiles: int) -> Iterator[str]:
    """Make a database with seeded users and the functions to compare."""
    with own_database(url) as own:
        with psycopg.connect(own, autocommit=True) as connection:
            say(f"  {profiles} profiles …")
            fill(connection, profiles=profiles)
            connection.execute("vacuum analyze")
            connection.execute(_RADIUS.read_bytes())
        yield own


def dense(url: str, count: int) -> list[UUID]:
    largest = cities()[0]
    found = look(url, _DENSE, largest.longitude, largest.latitude, count)
    return [row["user_id"] for row in found]


def anywhere(url: str, count: int) -> list[UUID]:
    return [row["user_id"] for row in look(url, _ANYWHERE, count)]


def hard_cases(url: str) -> Mapping[str, Sequence[UUID]]:
    """Return viewers for each case; makes the swipes and the wishes of some."""
    ordinary, busy, picky = (dense(url, 3 * VIEWERS)[part::3] for part in range(3))
    for one in busy:
        look(url, _SWIPE_NEAREST, one)
    for one in picky:
        look(url, _WISH_FOR_NO_ONE, one)
    rural = [row["user_id"] for row in look(url, _RURAL, VIEWERS)]
    return dict(zip(CASES, (ordinary, busy, rural, picky), strict=True))
