"""The end of a match in the database: for good, with its session, its emails and both likes."""

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.database import (
    Person,
    acting_as,
    bind,
    call,
    email_row,
    invitation,
    invoke,
    look,
    new_person,
    overtaken,
    sqlstate,
)
from tests.integration.liking import ENDS, Likes, blocked, ended_by
from tests.integration.meetings import Pair, new_match


@ENDS
def test_a_match_ends_for_good(
    url: str, likes: Likes, rex: Person, bella: Person, mutual: Any, way: str
) -> None:
    ended_by(likes, way, bella, rex, mutual["id"])

    for person, other in ((rex, bella), (bella, rex)):
        assert call(url, person, "list_matches") == []
        (listed,) = call(url, person, "list_matches", p_status="ended")
        assert (listed["id"], listed["partner"]["user_id"]) == (mutual["id"], str(other.user_id))
        assert listed["ended_at"] is not None
        assert likes.refusal(person, "put_like", other) == "match_ended"
        assert likes.refusal(person, "delete_pass", other) == "match_ended"
        assert sqlstate(url, person, "request_match", **invitation(other)) == (
            "WM013",
            "match_ended",
        )
    assert likes.sent(rex) == likes.sent(bella) == []
    assert [row["status"] for row in likes.matches_of(rex)] == ["ended"]


def test_ending_again_returns_the_match_unchanged(
    likes: Likes, rex: Person, bella: Person, mutual: Any
) -> None:
    first = likes.unmatch(rex, mutual["id"])
    assert first["match"]["status"] == "ended"

    for person in (rex, bella):
        again = likes.unmatch(person, mutual["id"])
        assert (again["match"]["ended_at"], again["due"]) == (first["match"]["ended_at"], [])


def test_either_side_ends_an_accepted_invitation(url: str, likes: Likes, rex: Person) -> None:
    bella = new_person(url, "Leo")
    match_id = new_match(url, rex, bella)

    assert likes.unmatch(bella, match_id)["match"]["status"] == "ended"
    assert sqlstate(url, bella, "request_match", **invitation(rex))[1] == "match_ended"


@pytest.mark.parametrize("status", ["pending", "declined", "expired", "withdrawn"])
def test_only_an_accepted_match_is_ended(
    url: str, likes: Likes, rex: Person, bella: Person, status: str
) -> None:
    match_id = new_match(url, rex, bella, status)

    refused = sqlstate(url, bella, "unmatch", p_match_id=match_id)

    assert refused == ("WM014", "match_not_accepted")


def test_a_match_of_others_is_not_ended(url: str, mutual: Any) -> None:
    ben = new_person(url)

    assert sqlstate(url, ben, "unmatch", p_match_id=mutual["id"]) == ("WM002", "not_found")
    assert sqlstate(url, ben, "unmatch", p_match_id=uuid4()) == ("WM002", "not_found")


def test_unsent_emails_about_the_match_are_cancelled(
    likes: Likes, rex: Person, bella: Person, couple: Pair
) -> None:
    couple.plan()
    at_provider = look(
        couple.url,
        "select id from public.email_logs where user_id = %s and email_template = 'new_match'",
        bella.user_id,
    )[0]["id"]
    bind(couple.url, at_provider)

    likes.unmatch(rex, couple.match_id)

    assert likes.emails(rex, "pending", "sending") == []
    assert likes.emails(bella, "pending") == ["session_called_off"]
    assert email_row(couple.url, at_provider)["delivery_status"] == "sending"


@pytest.mark.parametrize(("who", "status"), [("inviter", "withdrawn"), ("invitee", "declined")])
def test_a_block_closes_an_invitation_and_keeps_no_one_apart(
    url: str, likes: Likes, rex: Person, bella: Person, who: str, status: str
) -> None:
    match = call(url, rex, "request_match", **invitation(bella))["match"]
    couple = Pair(url, rex if who == "inviter" else bella, bella, match["id"])

    blocked(couple)

    assert [row["status"] for row in likes.matches_of(rex)] == [status]
    assert likes.emails(bella, "pending") == []
    assert likes.matched(rex, bella)["status"] == "accepted"


def test_a_deletion_and_an_end_do_not_block_each_other(likes: Likes, couple: Pair) -> None:
    couple.session()
    with acting_as(couple.url, couple.first) as ending:
        invoke(ending, "unmatch", p_match_id=couple.match_id)
        overtaken(
            couple.url,
            ending,
            couple.second,
            lambda open_: open_.execute("reset role").execute(
                "delete from auth.users where id = %s", [couple.second.user_id]
            ),
        )

    assert likes.matches_of(couple.first) == []
