"""A list of candidates costs the same in a small town and in a city; see `make bench`."""

import psycopg
import pytest

from local.seed.filling import fill
from tests.integration.costs import buffers, session
from tests.integration.database import WORKER, look
from tests.integration.own_database import own_database

# A quarter above what was measured. Where one candidate lives in a cell, each of 3000 costs four
# buffers; each of 300 that are kept costs twenty.
CEILING = 16_000


@pytest.fixture(scope="module")
def towns(database_url: str) -> list[int]:
    """The buffers of a list among 3000 and among 9000 profiles of one city."""
    found = []
    for profiles in (3_000, 9_000):
        with own_database(database_url) as own:
            with psycopg.connect(own, autocommit=True) as connection:
                fill(connection, profiles=profiles, city="Vienna")
                connection.execute("vacuum analyze")
            found.append(cost(own))
    return found


def cost(url: str) -> int:
    """Return the most of five viewers who have the default preferences."""
    viewers = look(
        url,
        "select user_id from private.candidates where max_age - min_age = 20 and age = 4"
        " order by md5(user_id::text) limit 5",
    )
    with session(url, WORKER) as connection:
        connection.execute("reset role")
        return max(
            buffers(connection, "private.discovery_list", p_viewer_id=viewer["user_id"])
            for viewer in viewers
        )


def test_a_list_costs_the_same_among_three_times_as_many_profiles(towns: list[int]) -> None:
    small, large = towns

    assert large <= 1.25 * small


def test_no_list_costs_more_than_its_ceiling(towns: list[int]) -> None:
    assert max(towns) <= CEILING
