"""Stale lists are claimed once, and made once, for users active within the last day."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.integration.database import WORKER, Person, call, look
from tests.integration.discovering import discover, published
from tests.integration.own_database import own_database


@pytest.fixture(scope="module")
def own(database_url: str) -> Iterator[str]:
    with own_database(database_url) as url:
        yield url


@pytest.fixture
def maya(own: str) -> Person:
    look(own, "delete from auth.users")
    return published(own)


def stale(url: str, person: Person) -> None:
    look(
        url,
        "update private.discovery_generations set seen_at = now() - interval '1 hour',"
        " listed_at = now() - interval '15 minutes' where user_id = %s",
        person.user_id,
    )


def claimed(url: str) -> list[UUID]:
    found: list[UUID] = call(url, WORKER, "claim_stale_discovery_lists", p_limit=10)
    return found


def test_a_stale_list_is_claimed_once_and_made_once(own: str, maya: Person) -> None:
    discover(own, maya)
    stale(own, maya)

    assert (claimed(own), claimed(own)) == ([maya.user_id], [])
    params = {"p_user_ids": [maya.user_id]}
    [made] = call(own, WORKER, "refresh_discovery_lists", **params)
    again = call(own, WORKER, "refresh_discovery_lists", **params)

    assert (made["user_id"], again) == (str(maya.user_id), [])


@pytest.mark.parametrize(
    "why",
    [
        "seen_at = now() - interval '25 hours'",
        "seen_at = now() - interval '9 minutes'",
        "listed_at = now() - interval '13 minutes'",
        "queued_at = now() - interval '13 minutes'",
    ],
)
def test_lists_are_not_refreshed_for_everyone(own: str, maya: Person, why: str) -> None:
    discover(own, maya)
    stale(own, maya)

    look(own, f"update private.discovery_generations set {why}")  # noqa: S608 - a constant

    assert claimed(own) == []


def test_a_list_of_old_preferences_is_refreshed_though_it_is_new(own: str, maya: Person) -> None:
    discover(own, maya)
    stale(own, maya)
    look(own, "update private.discovery_generations set listed_at = now()")
    assert claimed(own) == []

    call(own, maya, "change_profile_preferences", p_changes='{"max_age": 19}')

    assert claimed(own) == [maya.user_id]


def test_a_hidden_profile_gets_no_list(own: str, maya: Person) -> None:
    discover(own, maya)
    stale(own, maya)
    look(own, "update public.dog_profiles set visible = false")

    assert call(own, WORKER, "refresh_discovery_lists", p_user_ids=[maya.user_id]) == []
