"""`make seed` writes what the product would have written."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from local.seed.filling import SeedError, cities, fill
from tests.integration.database import look
from tests.integration.own_database import own_database

PROFILES = 1500
_KEYS = """
    select conrelid::regclass::text as of_table, conname, pg_get_constraintdef(oid) as definition
    from pg_constraint
    where contype = 'f' and connamespace::regnamespace::text in ('public', 'private')
"""


def seeded(url: str, profiles: int = PROFILES, **options: Any) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        fill(connection, profiles=profiles, **options)


def swipes(url: str) -> tuple[set[tuple[UUID, UUID]], set[tuple[UUID, UUID]]]:
    """Return the likes and the passes, as pairs of user ids."""
    likes = look(url, "select user_id, liked_id as other_id from public.likes")
    passes = look(url, "select user_id, passed_id as other_id from public.passes")
    return (
        {(row["user_id"], row["other_id"]) for row in likes},
        {(row["user_id"], row["other_id"]) for row in passes},
    )


@pytest.fixture(scope="module")
def full(database_url: str) -> Iterator[str]:
    with own_database(database_url) as own:
        seeded(own)
        yield own


def test_nine_of_ten_profiles_are_published(full: str) -> None:
    [found] = look(
        full,
        "select count(*) as people, count(*) filter (where private.is_published(user_id)) as shown"
        " from public.dog_profiles",
    )
    assert found["people"] == PROFILES
    assert 0.85 < found["shown"] / PROFILES < 0.95


def test_discovery_may_show_those_that_are_published(full: str) -> None:
    versions = "select user_id, xmin::text from public.dog_profiles order by user_id"
    before = look(full, versions)
    look(full, "select private.refresh_discoverable(user_id) from public.dog_profiles")
    assert look(full, versions) == before


def test_people_swipe_and_block(full: str) -> None:
    likes, passes = swipes(full)
    assert len(likes) > PROFILES / 4
    assert len(passes) > PROFILES / 3
    assert not likes & passes
    blocks = look(full, "select user_id, blocked_id from private.blocks")
    assert blocks
    pairs = {frozenset(pair) for pair in likes | passes}
    assert not [one for one in blocks if frozenset(one.values()) in pairs]


def test_two_likes_are_a_match_and_some_have_met(full: str) -> None:
    likes, _ = swipes(full)
    mutual = {frozenset(pair) for pair in likes if pair[::-1] in likes}
    matches = look(full, "select user1_id, user2_id from public.wingman_matches")
    assert sorted(map(sorted, mutual)) == sorted(sorted(each.values()) for each in matches)
    met = look(full, "select distinct status from public.wingman_sessions order by status")
    assert [each["status"] for each in met] == ["completed", "no_show"]


def test_the_triggers_of_candidates_find_nothing_to_change(full: str) -> None:
    versions = "select user_id, xmin::text from private.{} order by user_id"
    before = [look(full, versions.format(name)) for name in ("candidates", "exposures")]
    look(full, "select private.refresh_candidate(user_id) from public.dog_profiles")
    assert [look(full, versions.format(name)) for name in ("candidates", "exposures")] == before
    cells = "select count(*) as cells from private.candidate_cells"
    known = "select count(distinct cell) as cells from private.candidates"
    assert look(full, cells) == look(full, known)


def test_the_api_would_accept_all_words(full: str) -> None:
    assert not look(
        full,
        "select from public.dog_profiles where private.flaw_of_name(display_name) is not null"
        " or private.flaw_of_words(bio, true) is not null",
    )


def test_the_trigger_of_accounts_finds_nothing_to_change(full: str) -> None:
    versions = "select id, xmin::text from public.user_profiles order by id"
    before = look(full, versions)
    look(full, "update auth.users set email = email")
    assert look(full, versions) == before
    assert len(before) == PROFILES


def test_every_reference_leads_somewhere(full: str) -> None:
    keys = look(full, _KEYS)
    assert keys
    for key in keys:  # adding one looks at all rows
        look(full, "alter table {of_table} drop constraint {conname}".format(**key))
        look(full, "alter table {of_table} add constraint {conname} {definition}".format(**key))


def test_people_live_all_over_the_world(full: str) -> None:
    [found] = look(
        full,
        "select count(distinct round(longitude / 10)) as meridians, max(latitude) as north,"
        " min(latitude) as south, max(abs(longitude)) as date_line from public.dog_profiles",
    )
    assert found["meridians"] > 25
    assert found["north"] > 60
    assert found["south"] < -40
    assert found["date_line"] > 175


def test_a_city_may_have_all_people(database_url: str) -> None:
    with own_database(database_url) as own:
        seeded(own, 200, city="vienna")
        [found] = look(
            own,
            "select count(*) filter (where extensions.st_distance(place,"
            " extensions.st_makepoint(16.37, 48.21)) < 60000) as near, count(*) as people"
            " from public.dog_profiles where place is not null",
        )
        assert found["near"] > 0.9 * found["people"]


def test_the_same_seed_makes_the_same_people(full: str, database_url: str) -> None:
    people = (
        "select user_id, display_name, age, latitude, longitude,"
        " (select array_agg(id order by id) from public.photos where user_id = dog.user_id)"
        " from public.dog_profiles as dog order by user_id"
    )
    with own_database(database_url) as own:
        seeded(own)
        assert look(own, people) == look(full, people)


def test_another_seed_adds_other_people(database_url: str) -> None:
    with own_database(database_url) as own:
        seeded(own, 50)
        seeded(own, 50, seed=2)
        [found] = look(own, "select count(*) as people from public.dog_profiles")
        assert found["people"] == 100


def test_a_second_run_says_what_to_do(full: str) -> None:
    with pytest.raises(SeedError, match=r"seed=1 is in this database.*another seed.*make reset"):
        seeded(full)


def test_an_unknown_city_is_answered_with_those_that_look_like_it(full: str) -> None:
    with pytest.raises(SeedError, match=r"city=Viena is not in .*: try Vienna"):
        seeded(full, seed=3, city="Viena")


@pytest.mark.parametrize("profiles", [0, 2_000_001])
def test_the_number_of_profiles_has_limits(full: str, profiles: int) -> None:
    with pytest.raises(SeedError, match="between 1 and 2000000"):
        seeded(full, profiles, seed=3)


class Elsewhere:
    """A connection to a database that is not on this machine."""

    class info:  # noqa: N801 - psycopg's name
        host = hostaddr = "203.0.113.7"


def test_only_a_local_database_is_filled() -> None:
    with pytest.raises(SeedError, match=r"203\.0\.113\.7 is not this machine"):
        fill(Elsewhere(), profiles=1)  # type: ignore[arg-type]


def test_three_hundred_cities_are_on_earth() -> None:
    assert len({city.name for city in cities()}) == 300
    assert all(abs(c.latitude) < 80 and abs(c.longitude) <= 180 for c in cities())
