"""Mutual likes in the database: exactly one match, even if they cross."""

from functools import partial

from tests.integration.database import (
    Person,
    acting_as,
    call,
    invitation,
    look,
    new_person,
    overtaken,
    race,
    sqlstate,
)
from tests.integration.liking import Likes, liking, published


def test_crossing_likes_make_one_match(url: str, likes: Likes) -> None:
    for _ in range(20):
        rex, bella = published(url), published(url)
        answers = race(
            url, [(rex, partial(liking, other=bella)), (bella, partial(liking, other=rex))]
        )
        found = [answer["match"] for answer in answers if answer["match"]]
        (stored,) = likes.matches_of(rex)
        assert [match["id"] for match in found] == [str(stored["id"])]
        assert likes.emails(rex) == likes.emails(bella) == ["new_match"]


def test_a_like_waits_for_the_like_that_crosses_it(
    url: str, likes: Likes, rex: Person, bella: Person
) -> None:
    with acting_as(url, rex) as first:
        assert liking(first, bella)["match"] is None
        answer = overtaken(url, first, bella, lambda second: liking(second, rex))

    assert answer["match"]["initiator_id"] == str(rex.user_id)


def test_an_open_invitation_is_accepted_by_a_mutual_like(
    url: str, likes: Likes, rex: Person, bella: Person
) -> None:
    invited = call(url, rex, "request_match", **invitation(bella))["match"]
    likes.like(bella, rex)
    match = likes.like(rex, bella)["match"]

    assert (match["id"], match["origin"]) == (invited["id"], "invitation")
    assert (match["status"], match["venue_suggestion"]) == ("accepted", "Café Central")
    assert likes.emails(bella, "cancelled") == ["match_invitation"]
    assert likes.emails(bella, "pending") == likes.emails(rex, "pending") == ["new_match"]

    likes.unlike(rex, bella)
    assert likes.matches_of(rex)[0]["status"] == "accepted"


def test_an_expired_invitation_makes_room_for_a_mutual_like(
    url: str, likes: Likes, rex: Person, bella: Person
) -> None:
    call(url, rex, "request_match", **invitation(bella))
    look(
        url,
        "update public.wingman_matches set expires_at = now() where user1_id = %s",
        rex.user_id,
    )

    likes.matched(bella, rex)

    assert [row["status"] for row in likes.matches_of(rex)] == ["expired", "accepted"]


def test_a_like_of_a_matched_user_answers_with_the_match(
    url: str, likes: Likes, rex: Person, bella: Person
) -> None:
    invited = call(url, rex, "request_match", **invitation(bella))["match"]
    call(url, bella, "respond_to_match", p_match_id=invited["id"], p_action="accept")

    answer = likes.like(rex, bella)

    assert (answer["match"]["id"], answer["due"]) == (invited["id"], [])
    assert likes.like(bella, rex)["match"]["origin"] == "invitation"
    assert "new_match" not in likes.emails(bella) + likes.emails(rex)


def test_an_invitation_of_a_matched_user_is_refused(
    url: str, likes: Likes, rex: Person, bella: Person
) -> None:
    likes.matched(rex, bella)

    assert sqlstate(url, bella, "request_match", **invitation(rex))[1] == "match_already_open"


def test_mutual_likes_do_not_count_as_invitations_of_the_day(
    url: str, likes: Likes, rex: Person, bella: Person
) -> None:
    likes.matched(rex, bella)

    other = new_person(url)
    assert call(url, rex, "request_match", **invitation(other, p_max_daily=1))["match"]
