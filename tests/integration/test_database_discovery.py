"""Pages of a cached list: each candidate is checked again, and a new list is made when due."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.connections import connected
from tests.integration.database import Person, acting_as, call, invoke, look, new_person
from tests.integration.database import sqlstate as refusal
from tests.integration.discovering import (
    discover,
    generation_of,
    ids_of,
    others,
    page_of,
    published,
    shown,
    swipe,
    undo,
)
from tests.integration.own_database import own_database


@pytest.fixture(scope="module")
def own(database_url: str) -> Iterator[str]:
    with own_database(database_url) as url:
        yield url


@pytest.fixture
def maya(own: str) -> Person:
    look(own, "delete from auth.users")
    return published(own)


def test_a_new_list_comes_with_its_first_page(own: str, maya: Person) -> None:
    near = others(own, 3)

    page = discover(own, maya, limit=2)

    assert sorted(ids_of(page)) == sorted(person.user_id for person in near if person.user_id)
    assert shown(page) == ids_of(page)[:2]
    assert [each["position"] for each in page["shown"]] == [1, 2]
    assert (page["scanned"], page["outdated"]) == (2, False)
    assert page["list"]["radius"] == {"value": 25, "unit": "miles"}


def test_the_list_of_a_user_alone_is_empty(own: str, maya: Person) -> None:
    page = discover(own, maya)

    assert (page["shown"], page["list"]["candidates"]) == ([], [])


def test_a_user_without_a_published_profile_is_refused(own: str) -> None:
    stranger = new_person(own)

    assert refusal(own, stranger, "discover", p_limit=1) == ("WD001", "profile_incomplete")


@pytest.mark.parametrize("table", ["public.likes", "public.passes"])
def test_a_swipe_is_seen_by_the_next_page_of_the_old_list(
    own: str, maya: Person, table: str
) -> None:
    near = others(own, 3)
    made = discover(own, maya)

    swipe(own, maya, table, near[0])
    page = page_of(own, maya, made, p_limit=2)

    assert shown(page) == [each for each in ids_of(made) if each != near[0].user_id]
    assert (page["list"], page["outdated"]) == (None, False)


def test_a_page_that_the_old_list_cannot_fill_comes_from_a_new_one(own: str, maya: Person) -> None:
    near = others(own, 2)
    made = discover(own, maya)
    late = published(own)

    swipe(own, maya, "public.passes", near[0])
    page = page_of(own, maya, made)

    assert sorted(shown(page)) == sorted([near[1].user_id, late.user_id])  # type: ignore[type-var]
    assert page["list"]["generation"] == generation_of(own, maya)["generation"]


def test_a_short_list_that_is_seconds_old_is_not_renewed(own: str, maya: Person) -> None:
    others(own, 1)
    made = discover(own, maya)
    look(own, "update private.discovery_generations set listed_at = now() - interval '1 minute'")

    assert page_of(own, maya, made)["list"] is None
    assert page_of(own, maya, made, p_renewable=True)["list"] is not None


def test_new_preferences_are_seen_by_the_next_first_page(own: str, maya: Person) -> None:
    near = others(own, 1)
    call(own, maya, "change_profile_preferences", p_changes='{"max_age": 1}')
    made = discover(own, maya, limit=1)
    assert shown(made) == []

    call(own, maya, "change_profile_preferences", p_changes='{"max_age": 20}')

    assert shown(page_of(own, maya, made, p_limit=1)) == [near[0].user_id]


def test_new_preferences_end_a_cursor(own: str, maya: Person) -> None:
    made = discover(own, maya)
    call(own, maya, "change_profile_preferences", p_changes='{"max_age": 3}')

    params = {
        "p_user_ids": [],
        "p_stage": "wider",
        "p_limit": 1,
        "p_first": False,
        "p_renewable": False,
    }
    old = made["list"]["generation"]
    expected = ("WD002", "cursor_expired")

    assert refusal(own, maya, "discovery_page", p_generation=old, **params) == expected
    assert refusal(own, maya, "discovery_page", p_generation=old + 9, **params) == expected


def test_an_undone_pass_brings_the_user_back_to_the_next_first_page(own: str, maya: Person) -> None:
    leo, _ = others(own, 2)
    swipe(own, maya, "public.passes", leo)
    made = discover(own, maya, limit=1)
    assert leo.user_id not in ids_of(made)

    undo(own, maya, "public.passes")

    assert leo.user_id in ids_of(page_of(own, maya, made, p_limit=1))


def test_a_page_names_only_users_who_were_asked_for(own: str, maya: Person) -> None:
    leo, zoe = others(own, 2)
    made = discover(own, maya)

    page = page_of(own, maya, made, p_user_ids=[zoe.user_id, uuid4(), maya.user_id], p_first=False)

    assert (shown(page), page["scanned"]) == ([zoe.user_id], 3)
    assert leo.user_id not in shown(page)


def test_a_generation_is_listed_once_however_many_ask(own: str, maya: Person) -> None:
    others(own, 3)
    made = discover(own, maya)
    call(own, maya, "change_profile_preferences", p_changes='{"max_age": 19}')
    barrier = Barrier(16)

    def ask(_: int) -> Any:
        with acting_as(own, maya) as connection:
            barrier.wait(timeout=30)
            (row,) = invoke(
                connection,
                "discovery_page",
                p_user_ids=ids_of(made),
                p_stage=made["list"]["stage"],
                p_generation=made["list"]["generation"],
                p_limit=3,
                p_first=True,
                p_renewable=False,
            )
            return row["discovery_page"]

    with ThreadPoolExecutor(16) as pool:
        pages = list(pool.map(ask, range(16)))

    assert sum(page["list"] is not None for page in pages) == 1
    assert sum(page["outdated"] for page in pages) == 15
    assert all(len(page["shown"]) == 3 for page in pages), "none waits for the new list"


def test_a_list_that_is_being_made_is_not_waited_for(own: str, maya: Person) -> None:
    others(own, 1)
    made = discover(own, maya)
    call(own, maya, "change_profile_preferences", p_changes='{"max_age": 19}')

    with connected(own) as elsewhere:
        elsewhere.execute("select private.lock_discovery_list(%s, true)", [maya.user_id])
        page = page_of(own, maya, made)

    assert (page["list"], page["outdated"]) == (None, True)
    assert shown(page) == ids_of(made)


def test_a_list_that_was_never_stored_is_made_again_after_seconds(own: str, maya: Person) -> None:
    made = discover(own, maya)
    call(own, maya, "change_profile_preferences", p_changes='{"max_age": 19}')
    assert page_of(own, maya, made)["list"] is not None
    assert page_of(own, maya, made)["outdated"]

    look(own, "update private.discovery_generations set listed_at = now() - interval '6 seconds'")

    assert page_of(own, maya, made)["list"] is not None
