"""Two users who like each other at the same moment are matched once, in each of a hundred pairs."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.integration.crossing_likes import NAIVE, Outcome, cross
from tests.integration.published import published
from tests.support.own_postgrest import Rest, own_postgrest

PAIRS = 100


@pytest.fixture
def connection(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(NAIVE.encode())
        yield connection


@pytest.fixture
def rest(url: str, connection: psycopg.Connection, stack: dict[str, str]) -> Iterator[Rest]:
    with own_postgrest(url, stack) as rest:
        yield rest


def test_no_match_of_crossing_likes_is_lost_or_double(
    rest: Rest, connection: psycopg.Connection
) -> None:
    people = published(connection, 20)

    naive = cross(rest, connection, people, PAIRS, "naive_like", "naive_matches")
    ours = cross(rest, connection, people, PAIRS)

    assert naive.lost > 0, "no two likes have crossed"
    assert ours == Outcome(PAIRS, lost=0, double=0, refused=0)
