"""The search for playgrounds: by place, by name and by both, page after page."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.integration.database import Person, call, look, new_person
from tests.integration.own_database import own_database
from tests.support.profiles import haversine

MANY = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
_ADD = """
insert into public.playgrounds (name, latitude, longitude)
select * from unnest(%s::text[], %s::float8[], %s::float8[])
"""
_BERLIN = (52.52, 13.41)


@pytest.fixture(scope="module")
def own(database_url: str) -> Iterator[str]:
    with own_database(database_url) as url:
        yield url


@pytest.fixture
def maya(own: str) -> Person:
    look(own, "delete from public.playgrounds")
    return new_person(own)


def add(url: str, *rows: tuple[str, float, float]) -> None:
    names, latitudes, longitudes = zip(*rows, strict=True)
    look(url, _ADD, list(names), list(latitudes), list(longitudes))


def named(url: str, *names: str) -> None:
    add(url, *((name, 50 + number / 100, 10) for number, name in enumerate(names)))


def page(url: str, person: Person, **params: object) -> list[Any]:
    found: list[Any] = call(url, person, "list_playgrounds", **params)
    return found


def walk(url: str, person: Person, limit: int, **params: object) -> list[Any]:
    """Read a whole list, page by page."""
    rows: list[Any] = []
    after: Mapping[str, object] = {}
    while found := page(url, person, p_limit=limit, **params, **after):
        rows += found
        rank, name, playground_id = found[-1]["position"]
        after = {"p_after_rank": rank, "p_after_name": name, "p_after_id": UUID(playground_id)}
    return [row["playground"] for row in rows]


def near(
    latitude: float, longitude: float, radius: float = 100, unit: str = "kilometers"
) -> dict[str, Any]:
    return {
        "p_latitude": latitude,
        "p_longitude": longitude,
        "p_radius": radius,
        "p_unit": unit,
    }


def place(latitude: float, longitude: float) -> dict[str, float]:
    return {"latitude": latitude, "longitude": longitude}


def names(rows: list[Any]) -> list[str]:
    return [row["name"] for row in rows]


LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)
# Close to each other, wherever they are.
SHIFTS = st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=12)


@MANY
@given(
    latitude=LATITUDES,
    longitude=LONGITUDES,
    shifts=SHIFTS,
    radius=st.floats(0.1, 62),
    unit=st.sampled_from(["kilometers", "miles"]),
)
@example(-16.8, 179.99, [(0.0, 0.05), (0.1, -0.05), (0.0, 0.9)], 20, "kilometers")
@example(90.0, -77.0, [(-0.1, 100.0), (-0.2, -100.0), (-0.95, 0.0)], 60, "miles")
@example(-89.99, 12.0, [(0.0, 180.0), (0.1, -90.0)], 50, "kilometers")
# In the order of the index, PostGIS fails here: "index returned tuples in wrong order".
@example(0.0, 2.7470880000031873e-11, [(0.0, 0.0)], 1, "kilometers")
def test_a_radius_agrees_with_haversine(
    own: str,
    maya: Person,
    latitude: float,
    longitude: float,
    shifts: list[tuple[float, float]],
    radius: float,
    unit: str,
) -> None:
    centre = place(latitude, longitude)
    rows = []
    for number, (north, east) in enumerate(shifts):
        at_latitude = max(-90.0, min(90.0, latitude + north))
        at_longitude = (longitude + east + 180) % 360 - 180
        if at_latitude or at_longitude:
            rows.append((f"Place {number}", at_latitude, at_longitude))
    look(own, "delete from public.playgrounds")
    if not rows:
        return
    add(own, *rows)
    metres = {"kilometers": 1000, "miles": 1609.344}[unit]
    expected = {name: haversine(centre, place(*where)) for name, *where in rows}

    found = walk(own, maya, 3, **near(latitude, longitude, radius, unit))

    edge = radius * metres
    assert {name for name, far in expected.items() if far < edge * 0.9999} <= set(names(found))
    assert set(names(found)) <= {name for name, far in expected.items() if far <= edge * 1.0001}
    far = [expected[name] for name in names(found)]
    assert all(one <= other + 0.01 for one, other in pairwise(far))
    for row in found:
        assert row["distance"]["unit"] == unit
        assert abs(row["distance"]["value"] - expected[row["name"]] / metres) <= 0.0501


def test_ties_keep_one_order_on_pages_of_any_size(own: str, maya: Person) -> None:
    add(own, *[(f"Same {number}", *_BERLIN) for number in range(30)])
    add(own, *[(f"Other {number}", 52.53, 13.41) for number in range(10)])

    lists = [walk(own, maya, limit, **near(*_BERLIN)) for limit in (1, 3, 7, 100)]

    assert all(names(each) == names(lists[0]) for each in lists)
    assert len(set(names(lists[0]))) == 40
    ids = [row["id"] for row in lists[0]]
    assert ids == sorted(ids[:30]) + sorted(ids[30:])


@pytest.mark.parametrize("query", [near(*_BERLIN), {"p_query": "place"}])
def test_rows_added_or_deleted_between_pages_displace_no_other(
    own: str, maya: Person, query: dict[str, Any]
) -> None:
    add(own, *[(f"Place {number:03}", 52.52 + number / 1000, 13.41) for number in range(40)])
    seen: list[str] = []
    after: dict[str, object] = {}
    for number in range(8):
        found = page(own, maya, p_limit=5, **query, **after)
        rank, name, last = found[-1]["position"]
        after = {"p_after_rank": rank, "p_after_name": name, "p_after_id": UUID(last)}
        seen += names([row["playground"] for row in found])
        # The row of the cursor is deleted, and a row that sorts before it is added.
        look(own, "delete from public.playgrounds where id = %s", UUID(last))
        add(own, (f"Place 000 {number}", *_BERLIN))

    assert seen == [f"Place {number:03}" for number in range(40)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("mauerpark", "Mauerpark"),
        ("MAUERPARK", "Mauerpark"),
        ("mauerprak", "Mauerpark"),
        ("Mauerpak", "Mauerpark"),
        ("folkspark", "Dog run Volkspark"),
        ("mau", "Mauerpark"),
        ("m", "Mauerpark"),
        ("cafe", "Café Hund"),
        ("CAFÉ hund", "Café Hund"),
        ("ed", "Ed"),
        ("E", "Ed"),
        ("Öö", "Öö"),
        ("公园", "公园"),
        ("公", "公园"),
        ("🐶", "🐶"),
        ("🐶", "Run 🐶 here"),
        ("❤", "I ❤️ dogs"),
        ("❤️", "I ❤️ dogs"),
        ("👩‍🚒", "👩‍🚒 yard"),
        ("_", "a_b"),
        ("%", "100% dogs"),
        ("100%", "100% dogs"),
        ("\\", "back\\slash"),
        ("(.*", "(.*)+ park"),
        ("'", "O'Brien"),
        ("dog  run   volkspark", "Dog run Volkspark"),
    ],
)
def test_a_name_is_found(own: str, maya: Person, query: str, found: str) -> None:
    every = ["Mauerpark", "Dog run Volkspark", "Café Hund", "Ed", "Öö", "公园", "🐶"]
    every += ["Run 🐶 here", "I ❤️ dogs", "👩‍🚒 yard", "a_b", "100% dogs", "back\\slash"]
    every += ["(.*)+ park", "O'Brien", "Tempelhofer Feld"]
    named(own, *every)

    assert found in names(walk(own, maya, 100, p_query=query))
    assert found in names(walk(own, maya, 2, p_query=query, **near(50, 10)))


@pytest.mark.parametrize("query", ["_", "%", "%%", "__", "*", ".*", "\\", "😀", "zzz", "\u0301"])
def test_a_wildcard_or_a_strange_word_finds_no_other_name(
    own: str, maya: Person, query: str
) -> None:
    named(own, "Mauerpark", "Ed", "🐶", "公园")

    assert walk(own, maya, 100, p_query=query) == []
    assert walk(own, maya, 100, p_query=query, **near(50, 10)) == []


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20
).map(str.strip)


@MANY
@given(name=TEXTS.filter(bool), size=st.integers(1, 20), others=st.lists(TEXTS.filter(bool)))
def test_an_exact_name_and_each_prefix_is_always_found(
    own: str, maya: Person, name: str, size: int, others: list[str]
) -> None:
    look(own, "delete from public.playgrounds")
    named(own, name, *others)
    prefix = name[:size]
    [row] = look(own, "select private.searchable(%s) as words", prefix)

    found = names(walk(own, maya, 100, p_query=prefix))

    # A prefix of accents alone has no words.
    assert name in found or not row["words"] or size < len(name)
    [stored] = look(own, "select search_name from public.playgrounds where name = %s limit 1", name)
    if row["words"] and stored["search_name"].startswith(row["words"]):
        assert name in found


def test_the_exact_name_comes_first_then_prefixes_then_similar_ones(own: str, maya: Person) -> None:
    named(own, "Park am See", "Parks", "Great park", "Park", "Parc")

    assert names(walk(own, maya, 2, p_query="park")) == [
        "Park",
        "Park am See",
        "Parks",
        "Great park",
        "Parc",
    ]


def test_an_exact_name_is_found_among_thousands_that_resemble_it(own: str, maya: Person) -> None:
    add(own, *[(f"Old dog park {n}", 50 + n / 3000, 10.0) for n in range(3000)])
    named(own, "Dog park")

    found = page(own, maya, p_query="dog park", p_limit=1)

    assert found[0]["playground"]["name"] == "Dog park"
    assert len({row["id"] for row in walk(own, maya, 100, p_query="dog park")}) == 2001
