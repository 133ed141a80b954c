"""The order of a list, its cap and its ties: against the rule in Python, and from page to page."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.database import Actor, call, look
from tests.integration.own_database import own_database
from tests.integration.published import published
from tests.support.discovery_rule import MOST_SHOWN, NEW_UNTIL_SHOWN, Traits, Two, listed, score

_TRAITS = """
select profile.user_id, wish.*, profile.age, private.level_of(profile.activity_level) as activity,
    extensions.st_distance(profile.cell, viewer.cell, false) as metres
from public.dog_profiles as profile
cross join lateral private.preferences_of(profile.user_id) as wish
cross join public.dog_profiles as viewer
where viewer.user_id = %s
"""


@dataclass(frozen=True)
class Viewer(Actor):
    """A user who looks at others."""

    user_id: UUID


@pytest.fixture
def own(database_url: str) -> Iterator[str]:
    """A database for each test, because lists show everyone in it."""
    with own_database(database_url) as url:
        yield url


def people(url: str, count: int) -> tuple[Viewer, list[UUID]]:
    """Make a viewer and others, all alike."""
    with psycopg.connect(url, autocommit=True) as connection:
        viewer, *others = published(connection, count + 1)
    return Viewer("authenticated", viewer), others


def act(url: str, user_id: UUID, function: str, **params: object) -> Any:
    return call(url, Actor("authenticated", user_id), function, **params)


def listing(url: str, viewer: Viewer, limit: int = 50) -> Any:
    return call(url, viewer, "discover", p_limit=limit)


def ids(page: Any) -> list[UUID]:
    return [UUID(each["card"]["user_id"]) for each in page["shown"]]


def candidates(page: Any) -> list[UUID]:
    return [UUID(each["user_id"]) for each in page["list"]["candidates"]]


def walk(url: str, viewer: Viewer, limit: int) -> Iterator[list[UUID]]:
    """Read a list page after page, as a client with a cursor does."""
    page = listing(url, viewer, limit)
    rest, made = candidates(page), page["list"]
    while True:
        yield ids(page)
        rest = rest[page["scanned"] :]
        if not rest:
            return
        page = call(
            url,
            viewer,
            "discovery_page",
            p_user_ids=rest,
            p_generation=made["generation"],
            p_stage=made["stage"],
            p_limit=limit,
            p_first=False,
            p_renewable=False,
        )


def test_a_list_follows_the_order_of_the_rule(own: str) -> None:
    """Two dozen dogs of all kinds, of which some are new and some have been shown enough."""
    dice = random.Random(15)  # noqa: S311
    viewer, others = people(own, 24)
    for each in others:
        profile = {"age": dice.randrange(21), "activity_level": dice.choice(["low", "high"])}
        act(own, each, "change_profile", p_changes=Jsonb(profile))
        wish = {
            "max_distance": dice.choice([10, 100, 300]),
            "activity_level": dice.choice(["low", None]),
        }
        act(own, each, "change_profile_preferences", p_changes=Jsonb(wish))
        north = dice.uniform(-0.1, 0.1)
        act(own, each, "put_location", p_latitude=52.52 + north, p_longitude=13.41)
        shown = dice.choice([0, NEW_UNTIL_SHOWN])
        today = dice.choice([0, 0, MOST_SHOWN])
        look(
            own,
            "update private.exposures set shown_ever = %s, shown = %s,"
            " counted_on = (now() at time zone 'UTC')::date where user_id = %s",
            *(shown, today, each),
        )
    traits, metres = traits_of(own, viewer)
    counts = {
        row["user_id"]: row
        for row in look(own, "select user_id, shown_ever, shown from private.exposures")
    }
    mine = traits.pop(viewer.user_id)
    scores = {each: score(Two(mine, traits[each], metres[each])) for each in traits}

    page = listing(own, viewer)

    expected = listed(
        sorted(others, key=lambda each: -scores[each]),
        is_new=lambda each: counts[each]["shown_ever"] < NEW_UNTIL_SHOWN,
        rests=lambda each: counts[each]["shown"] >= MOST_SHOWN,
    )
    assert candidates(page) == expected
    assert [each["score"] for each in page["list"]["candidates"]] == [
        round(scores[each], 2) for each in expected
    ]


def traits_of(url: str, viewer: Viewer) -> tuple[dict[UUID, Traits], dict[UUID, float]]:
    levels = {"low": 1, "medium": 2, "high": 3, None: None}
    rows = look(url, _TRAITS, viewer.user_id)
    traits = {
        row["user_id"]: Traits(
            row["min_age"],
            row["max_age"],
            float(row["max_metres"]),
            levels[row["activity_level"]],
            row["age"],
            row["activity"],
            completed_sessions=0,
            no_shows=0,
        )
        for row in rows
    }
    return traits, {row["user_id"]: row["metres"] for row in rows}


def test_no_profile_is_shown_beyond_its_cap_while_another_one_is_left(own: str) -> None:
    viewer, others = people(own, 30)
    viewers = [viewer, *(Viewer("authenticated", each) for each in others[:2])]
    counts = dict.fromkeys([viewer.user_id, *others], MOST_SHOWN - 2)
    look(
        own,
        "update private.exposures set shown = %s, counted_on = (now() at time zone 'UTC')::date",
        MOST_SHOWN - 2,
    )
    # No one swipes, so the same profiles come first until they rest.
    for _ in range(3):
        for each in viewers:
            page = listing(own, each, 6)
            shown = ids(page)
            left = [user for user in candidates(page) if user not in shown]
            if any(counts[user] >= MOST_SHOWN for user in shown):
                assert all(counts[user] >= MOST_SHOWN for user in left)
            for user in shown:
                counts[user] += 1

    assert max(counts.values()) == MOST_SHOWN


def test_one_of_the_first_five_is_new_and_two_of_the_first_fifteen(own: str) -> None:
    viewer, others = people(own, 33)
    new, old = others[:3], others[3:]
    shown = "update private.exposures set shown_ever = %s where user_id = any(%s)"
    look(own, shown, NEW_UNTIL_SHOWN, old)
    for each in new:
        act(own, each, "change_profile", p_changes=Jsonb({"age": 20}))

    found = candidates(listing(own, viewer))

    assert sorted(map(found.index, new)) == [4, 14, 24]


def test_a_name_changes_no_score_and_no_order(own: str) -> None:
    viewer, others = people(own, 30)
    before = listing(own, viewer)["list"]["candidates"]

    for number, each in enumerate(others):
        changes = {"display_name": f"{chr(97 + number % 26)} {number}", "bio": "x" * number}
        act(own, each, "change_profile", p_changes=Jsonb(changes))

    assert listing(own, viewer)["list"]["candidates"] == before


def test_users_at_one_point_keep_one_order_on_pages_of_any_size(own: str) -> None:
    viewer, others = people(own, 60)
    whole = candidates(listing(own, viewer))
    assert sorted(whole) == sorted(others)

    for limit in (1, 7, 50):
        assert [each for page in walk(own, viewer, limit) for each in page] == whole


def test_swiping_from_page_to_page_repeats_no_card_and_loses_none(own: str) -> None:
    viewer, others = people(own, 40)
    seen: list[UUID] = []
    for page in walk(own, viewer, 7):
        seen += page
        swipe(own, viewer, page)

    assert len(seen) == len(set(seen))
    assert set(seen) == set(others)
    assert candidates(listing(own, viewer)) == []


def swipe(url: str, viewer: Viewer, page: Sequence[UUID]) -> None:
    for number, each in enumerate(page):
        call(url, viewer, "put_like" if number % 2 else "put_pass", p_user_id=each)
