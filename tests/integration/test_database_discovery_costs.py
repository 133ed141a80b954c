"""A list of candidates takes a limited number of index look-ups; see `make bench`."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from local.seed.filling import fill
from tests.integration.costs import buffers
from tests.integration.database import Person, look
from tests.integration.own_database import own_database
from tests.integration.plans import explained, full_scans

# A quarter above the measured value, with about one profile per cell: each of the 3000 profiles
# that the walk looks at costs a buffer, and each of the 200 that it keeps costs ten.
CEILING = 5_300
# Including nested ones. A function that PostgreSQL does not inline adds one for each candidate.
STATEMENTS = 40
# Of the tables that grow with the number of users, those that are large in the test city.
LARGE = ("likes", "passes", "candidates", "photos", "dog_profiles", "users")
LISTED = """
    select (one ->> 'user_id')::uuid as user_id
    from jsonb_array_elements(private.discovery_list(%s) -> 'candidates') as one
"""
PASS_ON_OTHERS = """
    insert into public.passes (user_id, passed_id)
    select viewer.user_id, other.user_id
    from private.candidates as viewer
    inner join private.candidates as other on viewer.user_id <> other.user_id
    where viewer.user_id = %s
    order by other.user_id
    limit 3000
    on conflict do nothing
"""


@pytest.fixture(scope="module")
def city(database_url: str) -> Iterator[str]:
    with own_database(database_url) as own:
        with psycopg.connect(own, autocommit=True) as connection:
            fill(connection, profiles=4_000, city="Vienna")
            connection.execute("vacuum analyze")
        yield own


@pytest.fixture(scope="module")
def viewers(city: str) -> list[UUID]:
    """Users with the default preferences."""
    found = look(
        city,
        "select user_id from private.candidates where max_age - min_age = 20 and age = 4"
        " order by user_id limit 5",
    )
    return [row["user_id"] for row in found]


def test_a_list_costs_no_more_buffers_than_its_ceiling(city: str, viewers: list[UUID]) -> None:
    assert max(spent_on_lists(city, viewers)) <= CEILING


def test_a_list_costs_no_more_to_a_user_who_has_passed_on_most_others(
    city: str, viewers: list[UUID]
) -> None:
    look(city, PASS_ON_OTHERS, viewers[-1])
    look(city, "vacuum analyze public.passes")

    assert max(spent_on_lists(city, viewers[-1:])) <= CEILING


def spent_on_lists(city: str, viewers: list[UUID]) -> list[int]:
    """Return the buffers of each list, after one that reads the catalogues."""
    with psycopg.connect(city, autocommit=True, row_factory=psycopg.rows.dict_row) as connection:
        return [
            buffers(connection, "private.discovery_list", p_viewer_id=viewer)
            for viewer in (viewers[0], *viewers)
        ][1:]


def test_a_page_of_twenty_takes_as_many_statements_as_one_of_two(
    city: str, viewers: list[UUID]
) -> None:
    listed = look(city, LISTED, viewers[0])
    assert len(listed) > 20
    taken = {}
    for limit in (2, 20):
        with explained(city, Person("authenticated", viewers[0])) as (connection, plans):
            connection.execute(
                "select private.discovery_cards(%s, %s, 'anywhere', %s)",
                [viewers[0], [row["user_id"] for row in listed], limit],
            )
        taken[limit] = len(plans)
        assert full_scans("\n".join(plans), *LARGE) == []

    assert taken[20] == taken[2]


def test_a_new_list_is_not_checked_again_for_its_first_page(city: str, viewers: list[UUID]) -> None:
    [row] = look(city, "select private.discovery_list(%s)::text as list", viewers[0])
    with explained(city, Person("authenticated", viewers[0])) as (connection, plans):
        connection.execute(
            "select private.first_discovery_page(%s, %s, 20)", [viewers[0], row["list"]]
        )

    assert "dog_profiles" in "\n".join(plans)
    assert "may_be_shown" not in "\n".join(plans)


def test_a_list_reads_no_table_from_end_to_end(city: str, viewers: list[UUID]) -> None:
    with explained(city, Person("authenticated", viewers[0])) as (connection, plans):
        connection.execute("select private.discovery_list(%s)", [viewers[0]])

    assert "candidates_of_cell" in "\n".join(plans)
    assert full_scans("\n".join(plans), "") == []
    assert len(plans) <= STATEMENTS
