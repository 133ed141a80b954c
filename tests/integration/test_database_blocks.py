"""Blocks in the database: at once, for good, and without a trace for the other user."""

from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.integration.database import (
    Person,
    acting_as,
    call,
    email_row,
    invitation,
    invoke,
    look,
    new_email,
    new_person,
    overtaken,
    sqlstate,
)
from tests.integration.test_database_visibility import match, published, seen

__all__ = ["published"]
GONE = (False, False)


def block(url: str, person: Person, other: Person) -> Any:
    return call(url, person, "put_block", p_user_id=other.user_id)


def unblock(url: str, person: Person, other: Person) -> Any:
    return call(url, person, "delete_block", p_user_id=other.user_id)


def blocked_by(url: str, person: Person) -> list[str]:
    return [row["user_id"] for row in call(url, person, "list_blocks")]


def matches(url: str, person: Person) -> Any:
    return call(url, person, "list_matches")


def stranger(url: str) -> Person:
    return Person("authenticated", uuid4())


def delete(url: str, person: Person) -> None:
    look(url, "delete from auth.users where id = %s", person.user_id)


def like(url: str, person: Person, other: Person) -> None:
    statement = "insert into public.likes (user_id, liked_id) values (%s, %s)"
    look(url, statement, person.user_id, other.user_id)


def test_a_block_ends_the_match_and_hides_it_from_both(url: str, maya: Person, leo: Person) -> None:
    match(url, maya, leo)
    match_id = matches(url, maya)[0]["id"]

    block(url, maya, leo)

    assert matches(url, maya) == matches(url, leo) == []
    for person in (maya, leo):
        refusal = sqlstate(url, person, "get_match", p_match_id=match_id)
        assert refusal == sqlstate(url, person, "get_match", p_match_id=uuid4())
    (row,) = look(url, "select status from public.wingman_matches where id = %s", match_id)
    assert row["status"] != "accepted"


def test_a_block_takes_back_the_likes_of_both(url: str, maya: Person, leo: Person) -> None:
    like(url, maya, leo)
    like(url, leo, maya)

    block(url, maya, leo)

    assert look(url, "select from public.likes where user_id = %s", maya.user_id) == []
    assert look(url, "select from public.likes where user_id = %s", leo.user_id) == []


@pytest.mark.parametrize("direction", ["the blocker invites", "the blocked user invites"])
def test_an_invitation_is_refused_as_to_an_unknown_user(
    url: str, maya: Person, leo: Person, direction: str
) -> None:
    block(url, maya, leo)
    inviter, invitee = (maya, leo) if direction == "the blocker invites" else (leo, maya)

    refusal = sqlstate(url, inviter, "request_match", **invitation(invitee))

    assert refusal == ("WM001", "not_found")
    assert refusal == sqlstate(url, inviter, "request_match", **invitation(stranger(url)))


def test_an_invitation_that_waits_for_a_block_is_refused(
    url: str, maya: Person, leo: Person
) -> None:
    with acting_as(url, maya) as blocking:
        invoke(blocking, "put_block", p_user_id=leo.user_id)
        invited = overtaken(
            url, blocking, leo, lambda late: invoke(late, "request_match", **invitation(maya))
        )

    assert invited.sqlstate == "WM001"


def test_an_answer_that_waits_for_a_block_is_refused(url: str, maya: Person, leo: Person) -> None:
    match_id = call(url, maya, "request_match", **invitation(leo))["match"]["id"]
    answer = {"p_match_id": match_id, "p_action": "accept"}

    with acting_as(url, maya) as blocking:
        invoke(blocking, "put_block", p_user_id=leo.user_id)
        answered = overtaken(
            url, blocking, leo, lambda late: invoke(late, "respond_to_match", **answer)
        )

    assert answered.sqlstate == "WM002"


def test_an_unknown_user_is_blocked_like_any_other(url: str, maya: Person, leo: Person) -> None:
    unknown, gone = stranger(url), new_person(url)
    delete(url, gone)

    answers = [block(url, maya, each) for each in (leo, unknown, gone)]

    for answer, each in zip(answers, (leo, unknown, gone), strict=True):
        changed = [str(maya.user_id), str(each.user_id)]
        assert answer == {"changed_users": changed, "due": [], "ended_match": None}
    assert blocked_by(url, maya) == [str(each.user_id) for each in (gone, unknown, leo)]


def test_no_user_blocks_themselves(url: str, maya: Person) -> None:
    refusal = sqlstate(url, maya, "put_block", p_user_id=maya.user_id)
    assert refusal == ("WB001", "cannot_block_yourself")


def test_a_repeated_block_keeps_its_time_and_counts_once(
    url: str, maya: Person, leo: Person
) -> None:
    block(url, maya, leo)
    before = call(url, maya, "list_blocks")
    block(url, maya, leo)

    assert call(url, maya, "list_blocks") == before
    (row,) = look(url, "select step_count from private.user_days where user_id = %s", maya.user_id)
    assert row["step_count"] == 1


def test_blocks_of_a_day_are_limited(url: str, maya: Person, leo: Person) -> None:
    look(url, "update private.app_settings set max_daily_blocks = 1")
    try:
        block(url, maya, leo)
        refusal = sqlstate(url, maya, "put_block", p_user_id=uuid4())
        block(url, maya, leo)
    finally:
        look(url, "update private.app_settings set max_daily_blocks = 100")

    assert refusal == ("WB002", "daily_block_limit")


def test_a_block_that_is_taken_back_shows_both_again(url: str, maya: Person, leo: Person) -> None:
    block(url, maya, leo)
    unblock(url, leo, maya)
    assert seen(url, leo, maya) == GONE

    unblock(url, maya, leo)

    assert seen(url, leo, maya) == seen(url, maya, leo) == (True, True)
    assert blocked_by(url, maya) == []


def test_a_list_of_blocks_is_read_page_by_page(url: str, maya: Person) -> None:
    others = [stranger(url) for _ in range(3)]
    for other in others:
        block(url, maya, other)

    first = call(url, maya, "list_blocks", p_limit=2)
    rest = call(
        url,
        maya,
        "list_blocks",
        p_limit=2,
        p_before_created_at=first[-1]["blocked_at"],
        p_before_id=first[-1]["user_id"],
    )

    found = [row["user_id"] for row in first + rest]
    assert found == [str(each.user_id) for each in reversed(others)]


def test_unsent_emails_that_name_the_other_are_cancelled(
    url: str, maya: Person, leo: Person
) -> None:
    call(url, maya, "request_match", **invitation(leo))
    third = new_person(url, "Ada")
    call(url, third, "request_match", **invitation(leo))
    facts = Jsonb({"partner_ids": [], "inviter_ids": [str(maya.user_id)]})
    digest = new_email(url, leo, email_template="weekly_digest", template_data=facts)

    block(url, leo, maya)

    assert email_row(url, digest)["delivery_status"] == "cancelled"
    waiting = look(
        url,
        "select template_data ->> 'inviter_name' as name from public.email_logs"
        " where user_id = %s and claimable_at is not null",
        leo.user_id,
    )
    assert [row["name"] for row in waiting] == ["Ada"]


def test_a_stored_answer_does_not_show_the_other_again(url: str, maya: Person, leo: Person) -> None:
    asked = invitation(leo) | {"p_idempotency_key": "key", "p_request_hash": "hash"}
    call(url, maya, "request_match", **asked)

    block(url, leo, maya)

    assert sqlstate(url, maya, "request_match", **asked) == ("WM001", "not_found")


def test_a_new_account_with_the_same_address_is_still_blocked(
    url: str, maya: Person, leo: Person
) -> None:
    block(url, maya, leo)
    delete(url, leo)
    assert blocked_by(url, maya) == []

    again = new_person(url, "Leo", leo.email.upper())

    assert seen(url, maya, again) == seen(url, again, maya) == GONE
    assert blocked_by(url, maya) == [], "the list would show who came back"
    unblock(url, maya, again)
    assert seen(url, maya, again) == GONE, "an id that is guessed would show who came back"


def test_a_block_of_an_address_that_was_never_confirmed_is_forgotten(
    url: str, maya: Person, leo: Person
) -> None:
    block(url, maya, leo)
    look(url, "update auth.users set email_confirmed_at = null where id = %s", leo.user_id)
    delete(url, leo)

    again = new_person(url, "Leo", leo.email)

    assert seen(url, maya, again)[0]


def test_nothing_but_a_hash_is_left_of_a_blocked_account(
    url: str, maya: Person, leo: Person
) -> None:
    block(url, maya, leo)
    delete(url, leo)

    (kept,) = look(url, "select * from private.blocked_addresses where user_id = %s", maya.user_id)
    assert set(kept) == {"user_id", "address_hash", "blocked_at"}
    assert look(url, "select from private.blocks where blocked_id = %s", leo.user_id) == []


def test_an_export_shows_own_blocks_and_not_those_of_others(
    url: str, maya: Person, leo: Person
) -> None:
    block(url, maya, leo)

    assert [row["user_id"] for row in call(url, maya, "export_account")["blocks"]] == [
        str(leo.user_id)
    ]
    assert call(url, leo, "export_account")["blocks"] == []
