"""The table of likes that cross in docs/benchmarks.md."""

import psycopg

from local.environment import read
from local.stack import stack
from tests.integration.crossing_likes import NAIVE, Outcome, cross
from tests.integration.own_database import own_database
from tests.integration.published import published
from tests.support.own_postgrest import own_postgrest

PAIRS = 10_000
PEOPLE = 150  # 11 175 pairs
TEXT = """## Crossing likes

{pairs} pairs of users like each other through PostgREST: each time, both likes of eight pairs are
sent before the first answer is read. *Insert, then check* is one transaction without a lock: it
stores the like, looks for the one of the other side, and makes a match if it is there.

| | lost matches | double matches | refused likes |
|---|---|---|---|
| `put_like` | {ours} |
| insert, then check | {naive} |
"""


def run() -> str:
    values = read(stack("test"))
    with (
        own_database(values["DATABASE_URL"]) as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        connection.execute(NAIVE.encode())
        people = published(connection, PEOPLE)
        with own_postgrest(url, values) as rest:
            naive = cross(rest, connection, people, PAIRS, "naive_like", "naive_matches")
            ours = cross(rest, connection, people, PAIRS)
    return TEXT.format(pairs=f"{PAIRS:,}".replace(",", " "), ours=_row(ours), naive=_row(naive))


def _row(outcome: Outcome) -> str:
    return f"{outcome.lost} | {outcome.double} | {outcome.refused}"
