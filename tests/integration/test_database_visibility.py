"""Users who exist for another or not: blocks, hidden profiles and bans."""

import pytest

from tests.integration.database import Person, call, invitation, look, new_person, sqlstate
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


def test_an_expired_ban_hides_no_one(url: str, maya: Person, leo: Person) -> None:
    ban(url, maya, "-1 second")

    assert seen(url, leo, maya) == EXISTS


def test_a_digest_names_no_user_who_does_not_exist(url: str, maya: Person, leo: Person) -> None:
    match(url, maya, leo)
    look(
        url,
        "insert into public.wingman_sessions (match_id, venue_name, scheduled_time, status,"
        " user1_completed_confirmed_by_user2, completed_at)"
        " select id, 'Café', now(), 'completed', true, now() from public.wingman_matches"
        " where user1_id = %s",
        maya.user_id,
    )
    call(url, third := new_person(url, "Ada"), "request_match", **invitation(maya))

    def named() -> tuple[int, int]:
        (row,) = look(
            url,
            "select private.week_of_meetings(%s, now() - interval '1 hour', now() + interval '1 h')"
            " -> 'met' as met, private.open_invitations(%s, now() + interval '1 h', now())"
            " -> 'invitations' as invitations",
            *(maya.user_id, maya.user_id),
        )
        return len(row["met"]), len(row["invitations"])

    assert named() == (1, 1)
    block(url, leo, maya)
    block(url, third, maya)
    assert named() == (0, 0)


@pytest.mark.parametrize("who", ["the inviter", "the invitee"])
def test_a_hidden_user_neither_invites_nor_is_invited(
    url: str, maya: Person, leo: Person, who: str
) -> None:
    hide(url, maya if who == "the inviter" else leo)

    assert sqlstate(url, maya, "request_match", **invitation(leo)) == ("WM001", "not_found")


def test_an_invitation_of_a_hidden_user_is_gone_until_they_are_shown(
    url: str, maya: Person, leo: Person
) -> None:
    match_id = call(url, maya, "request_match", **invitation(leo))["match"]["id"]
    hide(url, maya)

    assert call(url, leo, "list_matches") == []
    for step, more in (
        ("get_match", {}),
        ("respond_to_match", {"p_action": "accept"}),
    ):
        refusal = sqlstate(url, leo, step, p_match_id=match_id, **more)
        assert refusal == ("WM002", "not_found"), step
    assert len(call(url, maya, "list_matches")) == 1
