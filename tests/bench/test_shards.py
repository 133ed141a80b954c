"""The simulation of sharded discovery, on divisions that can be counted by hand."""

from uuid import UUID, uuid4

import psycopg
import pytest

from local.seed.filling import fill
from tests.bench.bench_shards import homes_of, listed
from tests.bench.neighbourhood import anywhere
from tests.bench.shards import FINE, divided, fine_cell, h3, held_by, shard_of
from tests.integration.own_database import own_database

VIENNA = fine_cell(48.2082, 16.3738)


def _border() -> tuple[str, str]:
    """Return two neighbouring cells of different shards."""
    inside = [VIENNA]
    while True:
        near = set(h3().grid_disk(inside[-1], len(inside)))
        for cell in sorted(near):
            for other in sorted(h3().grid_disk(cell, 1)):
                if shard_of(cell, 3) != shard_of(other, 3):
                    return str(cell), str(other)
        inside.append(max(near))


@pytest.fixture
def two() -> tuple[dict[UUID, str], UUID, UUID]:
    """Return the cells of two neighbours in different shards, and the two users."""
    here, there = _border()
    one, other = uuid4(), uuid4()
    return {one: here, other: there}, one, other


def test_a_neighbour_of_another_shard_is_missed_without_a_ring(
    two: tuple[dict[UUID, str], UUID, UUID],
) -> None:
    homes, one, other = two
    result = divided(homes, {one: [other]}, 3, 0)
    assert (result.shards, result.largest, result.copies) == (2, 0.5, 0)
    assert (result.found, result.found_at_borders, result.incomplete) == (0, 0, 1)


def test_a_neighbour_of_another_shard_is_found_in_the_ring(
    two: tuple[dict[UUID, str], UUID, UUID],
) -> None:
    homes, one, other = two
    result = divided(homes, {one: [other]}, 3, 1)
    assert result.copies >= 1
    assert (result.found, result.at_borders, result.incomplete) == (1, 1, 0)


def test_a_viewer_far_from_a_border_misses_no_one() -> None:
    middle = h3().cell_to_center_child(shard_of(VIENNA, 2), FINE)
    one, other = uuid4(), uuid4()
    result = divided({one: middle, other: middle}, {one: [other]}, 2, 1)
    assert (result.shards, result.copies, result.found, result.at_borders) == (1, 0, 1, 0)


def test_a_user_is_always_held_by_the_own_shard() -> None:
    for ring in range(4):
        assert shard_of(VIENNA, 3) in held_by(VIENNA, 3, ring)


def test_the_walk_of_a_shard_lists_those_of_the_whole_list_that_it_holds(database_url: str) -> None:
    with own_database(database_url) as own, psycopg.connect(own, autocommit=True) as connection:
        fill(connection, profiles=2000, city="Vienna")
        homes, viewers = homes_of(own), anywhere(own, 12)
        whole = {viewer: listed(connection, viewer) for viewer in viewers}
        compared = 0
        for viewer in viewers:
            shard = shard_of(homes[viewer], 4)
            held = [one for one in homes if shard in held_by(homes[one], 4, 1)]
            wanted = [one for one in whole[viewer] if one in held]
            compared += 0 < len(wanted) < len(whole[viewer])
            with connection.transaction(force_rollback=True):
                # Without triggers, which would process the deletions.
                connection.execute("set local session_replication_role = replica")
                leave = "delete from private.candidates where user_id <> all(%s)"
                connection.execute(leave, [held])
                assert set(wanted) <= set(listed(connection, viewer))
        assert compared >= 1
