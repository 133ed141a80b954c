"""Users who exist for another or not: blocks, hidden profiles and bans."""

import pytest

from tests.integration.database import Person, call, invitation, look
from tests.integration.test_database_profiles import publish

EXISTS, GONE = (True, True), (False, False)


@pytest.fixture(autouse=True)
def published(url: str, maya: Person, leo: Person) -> None:
    publish(url, maya, "Rex")
    publish(url, leo, "Bella")


def match(url: str, maya: Person, leo: Person) -> None:
    match_id = call(url, maya, "request_match", **invitation(leo))["match"]["id"]
    call(url, leo, "respond_to_match", p_match_id=match_id, p_action="accept")


def block(url: str, person: Person, other: Person) -> None:
    statement = "insert into private.blocks (user_id, blocked_id) values (%s, %s)"
    look(url, statement, person.user_id, other.user_id)


def hide(url: str, person: Person) -> None:
    statement = "insert into private.hidden_profiles (user_id, hidden_by) values (%s, 'operator')"
    look(url, statement, person.user_id)


def ban(url: str, person: Person, until: str) -> None:
    statement = "update auth.users set banned_until = now() + %s::interval where id = %s"
    look(url, statement, until, person.user_id)


def seen(url: str, viewer: Person, person: Person) -> tuple[bool, bool]:
    """Return whether the account exists for the viewer, and whether the profile does."""
    asked = viewer.user_id, person.user_id
    statement = "select private.exists_for(%s, %s) as account, private.may_see(%s, %s) as profile"
    (row,) = look(url, statement, *asked, *asked)
    return row["account"], row["profile"]


def test_a_block_hides_both_from_each_other(url: str, maya: Person, leo: Person) -> None:
    match(url, maya, leo)
    assert seen(url, maya, leo) == seen(url, leo, maya) == EXISTS

    block(url, maya, leo)

    assert seen(url, maya, leo) == seen(url, leo, maya) == GONE
    assert seen(url, maya, maya) == seen(url, leo, leo) == EXISTS


def test_a_hidden_user_exists_for_themselves_and_for_matches(
    url: str, maya: Person, leo: Person
) -> None:
    hide(url, maya)

    assert seen(url, leo, maya) == GONE
    assert seen(url, maya, maya) == seen(url, maya, leo) == EXISTS


def test_a_hidden_user_still_exists_for_a_match(url: str, maya: Person, leo: Person) -> None:
    match(url, maya, leo)

    hide(url, maya)

    assert seen(url, leo, maya) == EXISTS


def test_a_banned_user_exists_only_for_themselves(url: str, maya: Person, leo: Person) -> None:
    match(url, maya, leo)

    ban(url, maya, "1 day")

    assert seen(url, leo, maya) == GONE
    assert seen(url, maya, maya) == EXISTS


def test_a_ban_that_is_over_hides_no_longer(url: str, maya: Person, leo: Person) -> None:
    ban(url, maya, "-1 second")

    assert seen(url, leo, maya) == EXISTS
