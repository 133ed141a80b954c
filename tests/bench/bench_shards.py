"""The table of discovery divided among several databases in docs/benchmarks.md."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg

from local.environment import read
from local.progress import say
from local.stack import stack
from tests.bench.neighbourhood import anywhere, neighbourhood
from tests.bench.shards import BEST, Result, divided, fine_cell, ring_kilometres
from tests.integration.database import look

PROFILES, VIEWERS = 100_000, 1000
RESOLUTIONS, RINGS = (2, 3, 4), (0, 1, 2, 3, 5)
# Mean lengths of an edge by https://h3geo.org/docs/core-library/restable
EDGES = {2: 183, 3: 69, 4: 26}
_HOMES = """
    select user_id, extensions.st_y(cell::extensions.geometry) as latitude,
        extensions.st_x(cell::extensions.geometry) as longitude
    from private.candidates
"""
_LISTED = """
    select coalesce(array_agg((one ->> 'user_id')::uuid order by place), '{}')
    from jsonb_array_elements(private.discovery_list(%s) -> 'candidates')
        with ordinality as found (one, place)
"""
TEXT = """## Shards

{profiles} seeded profiles in 300 cities, and the lists of {viewers} viewers anywhere. Each
inhabited hexagon of H3 is a database of its own, which answers for the users who live in it and
holds copies of those who live in a ring around it. *Found* is the share of the best {best} of a
list by one database that the viewer's shard holds; *at borders*, that of viewers who are listed a
user of another shard, {at_borders} of all. *Incomplete* lists
miss a user, or need a second shard.

| edge of a shard | ring | shards | largest | copies of a user | found | at borders | incomplete |
|---|---|---|---|---|---|---|---|
{rows}
A shard's own walk would list those that it holds: they are among the nearest of all, so they are
among the nearest of fewer. Not simulated: swipes, likes and blocks between users of two shards,
which need a home for the pair.
"""


def run() -> str:
    url = read(stack("test"))["DATABASE_URL"]
    with neighbourhood(url, PROFILES) as own:
        say("  lists …")
        homes, lists = homes_of(own), _lists(own)
    found = {
        (resolution, ring): divided(homes, lists, resolution, ring)
        for resolution in RESOLUTIONS
        for ring in RINGS
    }
    borders = [
        f"{found[resolution, 0].at_borders:.0%} ({EDGES[resolution]} km)"
        for resolution in RESOLUTIONS
    ]
    return TEXT.format(
        profiles=f"{PROFILES:,}".replace(",", " "),
        viewers=len(lists),
        best=BEST,
        at_borders=", ".join(borders),
        rows="".join(_row(*case, result) for case, result in found.items()),
    )


def homes_of(url: str) -> Mapping[UUID, str]:
    return {
        row["user_id"]: fine_cell(row["latitude"], row["longitude"]) for row in look(url, _HOMES)
    }


def _lists(url: str) -> Mapping[UUID, Sequence[UUID]]:
    viewers = anywhere(url, VIEWERS)
    with psycopg.connect(url, autocommit=True) as connection:
        found = {viewer: listed(connection, viewer) for viewer in viewers}
    return {viewer: profiles for viewer, profiles in found.items() if profiles}


def listed(connection: psycopg.Connection[Any], viewer: UUID) -> list[UUID]:
    """Return the viewer's list, the best first."""
    [found] = connection.execute(_LISTED, [viewer]).fetchone() or ([],)
    return list(found)


def _row(resolution: int, ring: int, result: Result) -> str:
    cells = (
        f"{EDGES[resolution]} km",
        f"{ring_kilometres(ring):.0f} km",
        str(result.shards),
        f"{result.largest:.1%}",
        f"{result.copies:.2f}",
        f"{result.found:.3f}",
        f"{result.found_at_borders:.3f}",
        f"{result.incomplete:.1%}",
    )
    return f"| {' | '.join(cells)} |\n"
