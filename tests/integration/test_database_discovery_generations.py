"""A change that makes a list of candidates stale begins a generation in the same transaction."""

from collections.abc import Iterator

import pytest

from tests.integration.database import Person, acting_as, call, look
from tests.integration.discovering import GENERATIONS, generation_of, published, swipe, undo
from tests.integration.own_database import own_database


@pytest.fixture(scope="module")
def own(database_url: str) -> Iterator[str]:
    with own_database(database_url) as url:
        yield url


@pytest.fixture
def maya(own: str) -> Person:
    look(own, "delete from auth.users")
    return published(own)


@pytest.mark.parametrize("table", ["public.likes", "public.passes", "private.blocks"])
def test_a_like_a_pass_and_a_block_begin_a_generation_and_so_does_their_end(
    own: str, maya: Person, table: str
) -> None:
    leo = published(own)
    before = generation_of(own, maya)

    swipe(own, maya, table, leo)
    added = generation_of(own, maya)
    undo(own, maya, table)
    removed = generation_of(own, maya)

    assert added["generation"] == before["generation"] + 1
    assert added["returned_in"] == before["returned_in"]
    assert removed["generation"] == removed["returned_in"] == added["generation"] + 1
    assert removed["changed_in"] == before["changed_in"]
    assert generation_of(own, leo)["generation"] == 1, "its profile"


@pytest.mark.parametrize(
    ("function", "params"),
    [
        ("change_profile_preferences", {"p_changes": '{"max_age": 3}'}),
        ("put_location", {"p_latitude": 48.1, "p_longitude": 11.5}),
        ("delete_location", {}),
        ("change_profile", {"p_changes": '{"age": 5}'}),
        ("change_profile", {"p_changes": '{"activity_level": "high"}'}),
    ],
)
def test_a_change_of_preferences_location_or_dog_ends_cursors(
    own: str, maya: Person, function: str, params: dict[str, object]
) -> None:
    before = generation_of(own, maya)["generation"]

    call(own, maya, function, **params)

    after = generation_of(own, maya)
    assert after["changed_in"] == after["generation"] > before


@pytest.mark.parametrize(
    ("function", "params"),
    [
        ("put_location", {"p_latitude": 52.5201, "p_longitude": 13.4101}),
        ("change_profile", {"p_changes": '{"bio": "Good boy."}'}),
    ],
)
def test_a_move_within_the_cell_and_a_new_bio_begin_no_generation(
    own: str, maya: Person, function: str, params: dict[str, object]
) -> None:
    before = generation_of(own, maya)

    call(own, maya, function, **params)

    assert generation_of(own, maya) == before


def test_an_unchanged_preference_begins_no_generation(own: str, maya: Person) -> None:
    call(own, maya, "change_profile_preferences", p_changes='{"max_age": 3}')
    before = generation_of(own, maya)

    call(own, maya, "change_profile_preferences", p_changes='{"max_age": 3}')

    assert generation_of(own, maya) == before


def test_the_deletion_of_an_account_leaves_no_generation(own: str, maya: Person) -> None:
    swipe(own, maya, "public.passes", published(own))

    with acting_as(own, maya) as connection:
        connection.execute("reset role")
        connection.execute("delete from auth.users where id = %s", (maya.user_id,))

    assert look(own, GENERATIONS, maya.user_id) == []


def test_a_step_of_another_user_raises_no_generation(own: str, maya: Person) -> None:
    """Ending a match removes the likes of both; locking both could be a deadlock."""
    leo = published(own)
    swipe(own, leo, "public.likes", maya)
    before = generation_of(own, leo)

    with acting_as(own, maya) as connection:
        connection.execute("reset role")
        connection.execute("delete from public.likes where user_id = %s", (leo.user_id,))

    assert generation_of(own, leo) == before
