"""The users that discovery proposes, against an independent calculation in Python."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations, cycle
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.database import look
from tests.integration.discovery import (
    LEVELS,
    STAGES,
    Dog,
    discovery_list,
    expected,
    listed,
    settle,
    stage_of,
)
from tests.integration.own_database import own_database

CHANCE = random.Random(15)  # noqa: S311
STATUSES = ["pending", "accepted", "declined", "expired", "withdrawn", "ended"]


def some_dog(**traits: Any) -> Dog:
    youngest = CHANCE.choice([0, 0, 0, 2, 6])
    chosen: dict[str, Any] = {
        "latitude": CHANCE.gauss(52.5, 0.12),
        "longitude": CHANCE.gauss(13.4, 0.2),
        "age": CHANCE.randrange(14),
        "activity": CHANCE.choice(LEVELS),
        "min_age": youngest,
        "max_age": youngest + CHANCE.choice([3, 6, 14]),
        "max_metres": CHANCE.choice([800, 5_000, 16_093.44, 40_233.6, 200_000]),
        "wanted": CHANCE.choice([None, None, *LEVELS]),
        "completed": CHANCE.choice([0, 0, 0, 2, 5, 12]),
        "no_shows": CHANCE.choice([0, 0, 0, 1, 3]),
        "shown": CHANCE.choice([0, 10, 59, 60, 80]),
        "shown_ever": CHANCE.choice([80, 99, 100, 500]),
        "known_days": CHANCE.choice([1, 13, 60]),
    }
    return Dog(uuid4(), **chosen | traits)


LIKE = "insert into public.likes (user_id, liked_id) values (%s, %s)"
PASS = (
    "insert into public.passes (user_id, passed_id, until)"
    " values (%s, %s, now() + %s * interval '1 hour')"
)
BLOCK = "insert into private.blocks (user_id, blocked_id) values (%s, %s)"
MATCH = (
    "insert into public.wingman_matches (user1_id, user2_id, initiator_id, status, expires_at)"
    " select one, other, one, status, now() + hours * interval '1 hour'"
    " from (values (%s::uuid, %s::uuid, %s, %s)) as tie (one, other, status, hours)"
)
ENDED = (
    "insert into public.wingman_matches"
    " (user1_id, user2_id, initiator_id, status, origin, expires_at, ended_at)"
    " select one, other, one, 'ended', 'mutual_like', null, now()"
    " from (values (%s::uuid, %s::uuid)) as tie (one, other)"
)
FAVOURITES = """
    with made as (
        insert into public.playgrounds (name, latitude, longitude)
        select 'Park ' || n, 52.5, 13.4 from generate_series(1, 30) as n
        returning id
    )
    insert into public.playground_favourites (user_id, playground_id, created_at)
    select
        profile.user_id, made.id,
        now() - hashtext(profile.user_id::text || made.id) * interval '1 ms'
    from public.dog_profiles as profile
    cross join made
    where hashtext(made.id::text || profile.user_id) > 0
"""
# A tie between two users, and whether it hides the second from the first, and the first from the
# second.
TIES: Sequence[tuple[str, Sequence[object], bool, bool]] = [
    (LIKE, [], True, False),
    (PASS, [1], True, True),
    (PASS, [-1], False, False),
    (BLOCK, [], True, True),
    (MATCH, ["pending", 1], True, True),
    (MATCH, ["pending", -1], False, False),
    (MATCH, ["accepted", -1], True, True),
    (MATCH, ["declined", 1], False, False),
    (ENDED, [], True, True),
]


@dataclass
class Town:
    url: str
    dogs: Mapping[UUID, Dog]
    # The second is hidden from the first.
    apart: set[tuple[UUID, UUID]]

    def others(self, viewer: Dog) -> Iterator[Dog]:
        for other in self.dogs.values():
            if other != viewer and (viewer.id, other.id) not in self.apart:
                yield other


@pytest.fixture(scope="module")
def town(database_url: str) -> Iterator[Town]:
    """A database with 200 dogs in and around Berlin, ten far from there, and their past."""
    with own_database(database_url) as url:
        dogs = [some_dog() for _ in range(200)]
        dogs += [some_dog(latitude=53.9, longitude=14.5) for _ in range(10)]
        settle(url, dogs)
        town = Town(url, {dog.id: dog for dog in dogs}, set())
        _let_them_meet(town)
        look(url, "analyze")
        yield town


def _let_them_meet(town: Town) -> None:
    pairs = CHANCE.sample(list(combinations(town.dogs, 2)), 4000)
    with psycopg.connect(town.url) as connection:
        for (statement, values, from_one, from_other), pair in zip(
            cycle(TIES), pairs, strict=False
        ):
            one, other = CHANCE.sample(pair, 2)
            connection.execute(statement.encode(), [one, other, *values])
            town.apart |= {(one, other)} if from_one else set()
            town.apart |= {(other, one)} if from_other else set()


@pytest.fixture
def url(database_url: str) -> Iterator[str]:
    with own_database(database_url) as own:
        yield own


def test_each_list_agrees_with_an_independent_account(town: Town) -> None:
    stages = set()

    for viewer in CHANCE.sample(list(town.dogs.values()), 60):
        answer = discovery_list(town.url, viewer)
        assert answer == expected(viewer, town.others(viewer))
        stages.add(answer["stage"])

    assert stages == {"preferred", "wider", "anywhere"}


def test_a_user_may_be_shown_if_the_pair_fits_in_the_stage(town: Town) -> None:
    shown = (
        "select unnest(private.may_be_shown("
        "%s, array(select user_id from public.dog_profiles), %s)) as user_id order by user_id"
    )
    for viewer in CHANCE.sample(list(town.dogs.values()), 15):
        for last, stage in enumerate(STAGES):
            fitting = (
                other.id
                for other in town.others(viewer)
                if (first := stage_of(viewer, other)) is not None and first <= last
            )
            rows = look(town.url, shown, viewer.id, stage)
            assert [row["user_id"] for row in rows] == sorted(fitting)


def test_a_candidate_who_cannot_be_liked_is_not_shown(url: str) -> None:
    """Triggers maintain the candidates, but a page does not rely on them alone."""
    alike = {"latitude": 52.5, "longitude": 13.4, "age": 3, "min_age": 0, "max_age": 14}
    viewer, other = some_dog(**alike), some_dog(**alike)
    settle(url, [viewer, other])
    asked = "select private.may_be_shown(%s, array[%s]::uuid[], 'anywhere') as shown"
    assert look(url, asked, viewer.id, other.id) == [{"shown": [other.id]}]

    look(url, "alter table public.dog_profiles disable trigger user")
    look(url, "update public.dog_profiles set visible = false where user_id = %s", other.id)

    assert look(url, "select user_id from private.candidates where user_id = %s", other.id)
    assert look(url, asked, viewer.id, other.id) == [{"shown": []}]


def test_a_page_has_the_cards_that_each_profile_has_alone(town: Town) -> None:
    look(town.url, FAVOURITES)
    look(
        town.url, "update public.photos set sort_order = -sort_order where object_path > 'public/8'"
    )
    alone = (
        "select each.user_id, shown.card from public.dog_profiles as each"
        " left join lateral private.cards_of(%s, array[each.user_id]) as shown on true"
        " order by each.user_id"
    )
    together = (
        "select shown.* from private.cards_of("
        "%s, array(select user_id from public.dog_profiles)) as shown order by shown.user_id"
    )
    for viewer in CHANCE.sample(list(town.dogs), 5):
        cards = look(town.url, together, viewer)

        assert len(cards) == len(town.dogs)
        assert cards == look(town.url, alone, viewer)
        assert len({str(row["card"]["playgrounds"]) for row in cards}) > 3


def test_each_profile_on_a_list_accepts_a_like(town: Town) -> None:
    refused = (
        "select id, private.like_refusal(%s, id) from unnest(%s::uuid[]) as listed (id)"
        " where private.like_refusal(%s, id) is not null"
    )
    for viewer in CHANCE.sample(list(town.dogs.values()), 30):
        candidates = listed(town.url, viewer)
        assert look(town.url, refused, viewer.id, candidates, viewer.id) == []


def test_a_move_within_the_cell_changes_no_byte_of_any_list(town: Town) -> None:
    """Even where the walk stops in the middle of a cell, and all rows of profiles have moved."""
    few = "select 500, 5, 5, 2, 20, 60, 300, interval '14 days', 100, 10"
    with limits(town.url, few):
        before = all_lists(town)
        look(
            town.url,
            "update public.dog_profiles set latitude = extensions.st_y(cell::extensions.geometry),"
            " longitude = extensions.st_x(cell::extensions.geometry), located_at = now()",
        )
        assert all_lists(town) == before


def all_lists(town: Town) -> str:
    [row] = look(
        town.url,
        "select string_agg(private.discovery_list(user_id)::text, ' ' order by user_id) as lists"
        " from public.dog_profiles",
    )
    lists: str = row["lists"]
    return lists


@contextmanager
def limits(url: str, numbers: str) -> Iterator[None]:
    """Change the limits of discovery for a while."""
    [row] = look(
        url, "select pg_get_functiondef('private.discovery_limits'::regproc) as definition"
    )
    changed = re.sub("select 500.*", numbers, row["definition"])
    assert changed != row["definition"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(changed.encode())
        yield
        connection.execute(row["definition"].encode())
