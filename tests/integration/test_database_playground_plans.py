"""A search among 100 000 playgrounds reads few pages, by index."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import sql

from tests.integration.database import Person, acting_as, look, new_person
from tests.integration.own_database import own_database
from tests.integration.plans import full_scans, plans

BERLIN = {"p_latitude": 52.5, "p_longitude": 13.5, "p_radius": 100, "p_unit": "kilometers"}
SYDNEY = BERLIN | {"p_latitude": -33.9, "p_longitude": 151.2}


@pytest.fixture(scope="module")
def big(database_url: str) -> Iterator[tuple[str, Person]]:
    """A database with 100 000 playgrounds around Berlin, half of them named alike."""
    with own_database(database_url) as url:
        look(url, "select setseed(0.5)")
        look(
            url,
            "insert into public.playgrounds (name, latitude, longitude)"
            " select case when n %% 2 = 0 then 'Dog park ' else md5(n::text) || ' ' end || n,"
            " 52 + random(), 13 + random() from generate_series(1, 100000) as n where %s",
            True,
        )
        look(url, "analyze public.playgrounds")
        yield url, new_person(url)


def buffers(url: str, person: Person, **params: object) -> int:
    """Count the pages that a search reads, those of its nested statements included."""
    named = sql.SQL(", ").join(
        sql.SQL("{} => {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in params
    )
    statement = sql.SQL(
        "explain (analyze, buffers, format json) select public.list_playgrounds({})"
    ).format(named)
    with acting_as(url, person) as connection:
        connection.execute(statement, params)
        [row] = connection.execute(statement, params).fetchall()
    plan = row["QUERY PLAN"][0]["Plan"]
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


@pytest.mark.parametrize(
    ("query", "index", "most"),
    [
        (BERLIN, "playgrounds_by_place", 500),
        (SYDNEY, "playgrounds_by_place", 50),
        ({"p_query": "dog park 77"}, "playgrounds_by_name", 500),
        ({"p_query": "dgo prak"}, "playgrounds_by_trigrams", 500),
        ({"p_query": "zebra"}, "playgrounds_by_trigrams", 200),
        ({"p_query": "🐶"}, "playgrounds_by_symbols", 50),
        ({"p_query": "a"}, "playgrounds_by_name", 500),
        ({"p_query": "dog park"} | BERLIN, "playgrounds_by_place", 1_500),
        ({"p_query": "zebra"} | BERLIN, "playgrounds_by_trigrams", 200),
        ({"p_query": "🐶"} | BERLIN, "playgrounds_by_symbols", 100),
    ],
)
def test_a_search_reads_few_pages_by_index(
    big: tuple[str, Person], query: dict[str, Any], index: str, most: int
) -> None:
    url, person = big

    found = plans(url, person, "list_playgrounds", **query)

    assert full_scans(found, "playgrounds", "playground_favourites") == []
    assert index in found
    assert buffers(url, person, **query) <= most
