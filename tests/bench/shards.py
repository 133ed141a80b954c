"""Discovery divided among databases by H3 cells, each with copies of the users at its border."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from tests.bench.references import find_references

# Hexagons of 20 km; the same shards hold all users in one.
FINE = 5
BEST = 20

Shards = AbstractSet[str]


@dataclass(frozen=True)
class Result:
    """The users that the shards hold, and those whom viewers miss."""

    shards: int
    largest: float  # the largest shard's share of all users, without copies
    copies: float  # per user
    found: float  # of the best in a list by one database, the share that the viewer's shard holds
    found_at_borders: float  # the same, for viewers whose list has a user of another shard
    at_borders: float  # the share of these viewers
    incomplete: float  # the share of viewers who would need a second shard for the whole list


@cache
def h3() -> Any:
    find_references()
    import h3

    return h3


def fine_cell(latitude: float, longitude: float) -> str:
    return str(h3().latlng_to_cell(latitude, longitude, FINE))


@cache
def shard_of(cell: str, resolution: int) -> str:
    return str(h3().cell_to_parent(cell, resolution))


@cache
def held_by(cell: str, resolution: int, ring: int) -> Shards:
    """Return the shards that hold a cell's users: its own, and those within `ring` cells."""
    return frozenset(shard_of(near, resolution) for near in h3().grid_disk(cell, ring))


def ring_kilometres(ring: int) -> float:
    """Return roughly how far a ring reaches, by the distance between neighbouring centres."""
    edge = h3().average_hexagon_edge_length(FINE, "km")
    return float(ring * edge * 3**0.5)


def divided(
    homes: Mapping[UUID, str],
    lists: Mapping[UUID, Sequence[UUID]],
    resolution: int,
    ring: int,
) -> Result:
    """Compare the lists of one database with the users that each viewer's shard holds.

    A shard's own walk finds every listed user that it holds: a user among the nearest of all is
    also among the nearest of fewer.
    """
    own: dict[str, int] = {}
    copies = 0
    for cell in homes.values():
        own[shard_of(cell, resolution)] = own.get(shard_of(cell, resolution), 0) + 1
        copies += len(held_by(cell, resolution, ring)) - 1
    found, at_borders, complete = {}, {}, {}
    for viewer, listed in lists.items():
        here = shard_of(homes[viewer], resolution)
        held = [here in held_by(homes[one], resolution, ring) for one in listed]
        found[viewer] = _mean(held[:BEST])
        complete[viewer] = all(held)
        at_borders[viewer] = any(shard_of(homes[one], resolution) != here for one in listed)
    return Result(
        shards=len(own),
        largest=max(own.values()) / len(homes),
        copies=copies / len(homes),
        found=_mean(found.values()),
        found_at_borders=_mean([found[one] for one in found if at_borders[one]]),
        at_borders=_mean(at_borders.values()),
        incomplete=1 - _mean(complete.values()),
    )


def _mean(values: Any) -> float:
    known = list(values)
    return sum(known) / len(known) if known else 1.0
