"""How many of the best candidates the walk finds, by the rule that stops it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

BEST = 20
Connection = psycopg.Connection[Any]

# All within the radius whom the viewer may see, by the score that the product gives them.
_TRUTH = """
    with
    free as materialized (
        select
            other.user_id,
            private.metres_between(viewer.cell, other.cell) as metres
        from private.candidates as viewer
        inner join private.candidates as other
            on extensions.st_dwithin(other.cell, viewer.cell, viewer.max_metres, false)
        where viewer.user_id = %(viewer)s
            and other.user_id <> viewer.user_id
            and private.stage_of_pair(
                viewer, other, extensions.st_distance(viewer.cell, other.cell, false)
            ) = 0
            and not exists (
                select from private.kept_apart as pair
                where pair.user_id = %(viewer)s and pair.other_id = other.user_id offset 0
            )
            and not exists (
                select from private.matched_pairs as pair
                where pair.first_id = least(%(viewer)s, other.user_id)
                    and pair.second_id = greatest(%(viewer)s, other.user_id)
                offset 0
            )
    ),
    known as materialized (
        select * from private.reputations_of(%(viewer)s || array(select user_id from free))
    )
    select free.user_id
    from free
    inner join private.candidates as other on other.user_id = free.user_id
    inner join private.candidates as viewer on viewer.user_id = %(viewer)s
    left join known as own on own.user_id = %(viewer)s
    left join known as theirs on theirs.user_id = free.user_id
    order by
        private.pair_score(
            private.traits_of(viewer, own.completed_sessions, own.no_shows),
            private.traits_of(other, theirs.completed_sessions, theirs.no_shows),
            free.metres
        ) desc,
        free.user_id
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
    """Return the best of each viewer; without viewers for whom the radius holds too few."""
    found = {
        viewer: {
            row[0]
            for row in connection.execute(_TRUTH, {"viewer": viewer, "best": BEST}).fetchall()
        }
        for viewer in viewers
    }
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
    """Let the walk stop by another rule."""
    function = "select pg_get_functiondef('private.discovery_limits'::regproc)"
    [product] = connection.execute(function).fetchone() or [""]
    body = re.compile(r"(\bselect \d+, )(\d+), (\d+)(, )")
    assert body.search(product), product
    connection.execute(body.sub(rf"\g<1>{rule.kept}, {rule.scanned}\g<4>", product).encode())
    try:
        yield
    finally:
        connection.execute(product.encode())
