"""Likes and passes in the database: the last one counts, and two likes make one match."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.integration.database import (
    WORKER,
    Person,
    call,
    look,
    new_person,
    sqlstate,
)
from tests.integration.liking import Likes, published


def test_a_like_alone_makes_no_match_and_notifies_no_one(
    likes: Likes, rex: Person, bella: Person
) -> None:
    answer = likes.like(rex, bella)

    assert (answer["user_id"], answer["match"], answer["due"]) == (str(bella.user_id), None, [])
    assert likes.emails(bella) == []
    assert likes.sent(rex) == ["Bella"]
    assert likes.received(bella) == ["Rex"]


def test_a_mutual_like_is_one_accepted_match_of_the_user_who_liked_first(
    likes: Likes, rex: Person, bella: Person
) -> None:
    likes.like(bella, rex)
    answer = likes.like(rex, bella)

    match = answer["match"]
    assert (match["origin"], match["status"]) == ("mutual_like", "accepted")
    assert match["initiator_id"] == match["user1_id"] == str(bella.user_id)
    assert (match["expires_at"], match["ended_at"]) == (None, None)
    assert match["partner"]["name"] == "Bella"
    assert match["partner"]["photo_url"].endswith("320.webp")
    assert [email["priority"] for email in answer["due"]] == ["urgent", "urgent"]
    assert likes.emails(rex) == likes.emails(bella) == ["new_match"]
    assert len(likes.matches_of(rex)) == 1


def test_repeating_changes_nothing_and_gives_the_first_time(
    likes: Likes, rex: Person, bella: Person
) -> None:
    first = likes.like(rex, bella)
    assert likes.like(rex, bella) == first
    passed = likes.pass_on(bella, rex)
    assert likes.pass_on(bella, rex) == passed

    match = likes.like(bella, rex)["match"]
    again = likes.like(bella, rex)
    assert (again["match"], again["due"]) == (match, [])
    assert likes.like(rex, bella)["match"]["id"] == match["id"]
    assert likes.emails(rex) == likes.emails(bella) == ["new_match"]


def test_the_last_of_like_and_pass_counts(likes: Likes, rex: Person, bella: Person) -> None:
    likes.like(rex, bella)
    likes.pass_on(rex, bella)
    assert (likes.sent(rex), likes.passed(rex), likes.received(bella)) == ([], ["Bella"], [])

    assert likes.like(bella, rex)["match"] is None
    assert likes.received(rex) == []

    likes.undo(rex, bella)
    assert likes.received(rex) == ["Bella"]

    likes.pass_on(rex, bella)
    assert likes.like(rex, bella)["match"] is not None
    assert likes.passed(rex) == []


def test_a_pass_is_over_after_thirty_days(
    url: str, likes: Likes, rex: Person, bella: Person
) -> None:
    first = likes.pass_on(rex, bella)
    (row,) = look(url, "select until - passed_at as lasts from public.passes")[-1:]
    assert abs(row["lasts"] - timedelta(days=30)) < timedelta(seconds=1)

    look(
        url,
        "update public.passes set passed_at = passed_at - interval '30 days', until = now()"
        " where user_id = %s",
        rex.user_id,
    )
    assert likes.passed(rex) == []
    assert likes.pass_on(rex, bella)["passed_at"] > first["passed_at"]
    assert likes.passed(rex) == ["Bella"]


def test_passes_that_are_over_are_deleted(
    url: str, likes: Likes, rex: Person, bella: Person
) -> None:
    likes.pass_on(rex, bella)
    assert call(url, WORKER, "prune_passes", p_limit=100) == 0
    look(url, "update public.passes set until = now() where user_id = %s", rex.user_id)

    assert call(url, WORKER, "prune_passes", p_limit=100) == 1
    assert look(url, "select 1 from public.passes where user_id = %s", rex.user_id) == []


def test_a_like_taken_back_and_given_again_announces_one_match(
    likes: Likes, rex: Person, bella: Person
) -> None:
    likes.like(rex, bella)
    likes.unlike(rex, bella)
    likes.unlike(rex, bella)
    assert likes.sent(rex) == []
    likes.like(rex, bella)
    likes.like(bella, rex)

    assert likes.emails(rex) == likes.emails(bella) == ["new_match"]


def test_a_like_needs_a_complete_profile_of_ones_own(
    url: str, likes: Likes, rex: Person, bella: Person
) -> None:
    look(url, "update public.dog_profiles set visible = false where user_id = %s", rex.user_id)
    assert likes.refusal(rex, "put_like", bella) == "profile_incomplete"
    assert likes.refusal(new_person(url), "put_like", bella) == "profile_incomplete"

    assert likes.pass_on(rex, bella)["until"]
    assert likes.sent(rex) == []


def test_a_repeated_like_is_answered_even_if_ones_own_profile_is_now_hidden(
    url: str, likes: Likes, rex: Person, bella: Person
) -> None:
    first = likes.like(rex, bella)
    look(url, "update public.dog_profiles set visible = false where user_id = %s", rex.user_id)

    assert likes.like(rex, bella) == first


@pytest.mark.parametrize("step", ["put_like", "put_pass"])
def test_a_user_who_does_not_exist_for_me_is_not_found(
    url: str, likes: Likes, rex: Person, bella: Person, step: str
) -> None:
    look(url, "update public.dog_profiles set visible = false where user_id = %s", bella.user_id)
    stranger = Person("authenticated", uuid4())

    refusals = {likes.refusal(rex, step, other) for other in (bella, new_person(url), stranger)}

    assert refusals == {"not_found"}
    assert sqlstate(url, rex, step, p_user_id=None)[1] == "not_found"


def test_lists_leave_out_users_who_no_longer_exist_for_me(
    url: str, likes: Likes, rex: Person, bella: Person
) -> None:
    ben = published(url, "Luna")
    likes.like(rex, bella)
    likes.like(bella, rex)
    likes.like(ben, rex)
    likes.pass_on(rex, ben)
    likes.like(ben, bella)
    assert (likes.passed(rex), likes.received(bella)) == (["Luna"], ["Luna"])

    look(url, "update public.dog_profiles set visible = false where user_id = %s", ben.user_id)

    assert (likes.passed(rex), likes.received(bella)) == ([], [])
    assert likes.sent(rex) == ["Bella"]


def test_pages_of_likes_are_whole_and_in_order(url: str, likes: Likes, rex: Person) -> None:
    people = [published(url, f"Dog {number}") for number in range(5)]
    for person in people:
        likes.like(person, rex)
        if person is people[2]:
            likes.like(rex, person)
    expected = ["Dog 4", "Dog 3", "Dog 1", "Dog 0"]

    seen: list[str] = []
    before: dict[str, object] = {}
    for _ in range(4):
        (each, *_) = call(url, rex, "list_likes", p_direction="received", p_limit=1, **before)
        seen.append(each["user"]["display_name"])
        before = {"p_before_created_at": each["liked_at"], "p_before_id": each["user"]["user_id"]}

    assert seen == expected
    assert call(url, rex, "list_likes", p_direction="received", p_limit=1, **before) == []


def test_a_hidden_user_makes_no_match_until_shown_again(
    url: str, likes: Likes, rex: Person, bella: Person
) -> None:
    likes.like(bella, rex)
    look(
        url,
        "insert into private.hidden_profiles (user_id, hidden_by) values (%s, 'operator')",
        rex.user_id,
    )
    assert likes.like(rex, bella)["match"] is None
    assert (likes.sent(bella), likes.received(bella)) == ([], [])

    look(url, "delete from private.hidden_profiles where user_id = %s", rex.user_id)
    assert likes.received(bella) == ["Rex"]
    assert likes.like(bella, rex)["match"]["status"] == "accepted"


@pytest.mark.parametrize("step", ["put_like", "put_pass"])
def test_users_who_blocked_each_other_are_not_found(
    url: str, likes: Likes, rex: Person, bella: Person, step: str
) -> None:
    likes.like(rex, bella)
    look(
        url,
        "insert into private.blocks (user_id, blocked_id) values (%s, %s)",
        *(bella.user_id, rex.user_id),
    )

    assert likes.refusal(rex, step, bella) == likes.refusal(bella, step, rex) == "not_found"
    assert (likes.sent(rex), likes.received(bella)) == ([], [])
