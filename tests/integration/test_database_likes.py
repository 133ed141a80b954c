"""Likes and passes in the database: the last one counts, and two likes make one match."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from tests.integration.database import (
    WORKER,
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


@pytest.fixture
def likes(url: str) -> Likes:
    return Likes(url)


@pytest.fixture
def maya(url: str) -> Person:
    return published(url, "Rex")


@pytest.fixture
def leo(url: str) -> Person:
    return published(url, "Bella")


def test_a_like_alone_makes_no_match_and_notifies_no_one(
    likes: Likes, maya: Person, leo: Person
) -> None:
    answer = likes.like(maya, leo)

    assert (answer["user_id"], answer["match"], answer["due"]) == (str(leo.user_id), None, [])
    assert likes.emails(leo) == []
    assert likes.sent(maya) == ["Bella"]
    assert likes.received(leo) == ["Rex"]


def test_a_mutual_like_is_one_accepted_match_of_the_user_who_liked_first(
    likes: Likes, maya: Person, leo: Person
) -> None:
    likes.like(leo, maya)
    answer = likes.like(maya, leo)

    match = answer["match"]
    assert (match["origin"], match["status"]) == ("mutual_like", "accepted")
    assert match["initiator_id"] == match["user1_id"] == str(leo.user_id)
    assert (match["expires_at"], match["ended_at"]) == (None, None)
    assert match["partner"]["name"] == "Bella"
    assert match["partner"]["photo_url"].endswith("320.webp")
    assert [email["priority"] for email in answer["due"]] == ["urgent", "urgent"]
    assert likes.emails(maya) == likes.emails(leo) == ["new_match"]
    assert len(likes.matches_of(maya)) == 1


def test_repeating_changes_nothing_and_gives_the_first_time(
    likes: Likes, maya: Person, leo: Person
) -> None:
    first = likes.like(maya, leo)
    assert likes.like(maya, leo) == first
    passed = likes.pass_on(leo, maya)
    assert likes.pass_on(leo, maya) == passed

    match = likes.like(leo, maya)["match"]
    again = likes.like(leo, maya)
    assert (again["match"], again["due"]) == (match, [])
    assert likes.like(maya, leo)["match"]["id"] == match["id"]
    assert likes.emails(maya) == likes.emails(leo) == ["new_match"]


def test_the_last_of_like_and_pass_counts(likes: Likes, maya: Person, leo: Person) -> None:
    likes.like(maya, leo)
    likes.pass_on(maya, leo)
    assert (likes.sent(maya), likes.passed(maya), likes.received(leo)) == ([], ["Bella"], [])

    assert likes.like(leo, maya)["match"] is None
    assert likes.received(maya) == []

    likes.undo(maya, leo)
    assert likes.received(maya) == ["Bella"]

    likes.pass_on(maya, leo)
    assert likes.like(maya, leo)["match"] is not None
    assert likes.passed(maya) == []


def test_a_pass_is_over_after_thirty_days(
    url: str, likes: Likes, maya: Person, leo: Person
) -> None:
    first = likes.pass_on(maya, leo)
    (row,) = look(url, "select until - passed_at as lasts from public.passes")[-1:]
    assert abs(row["lasts"] - timedelta(days=30)) < timedelta(seconds=1)

    look(
        url,
        "update public.passes set passed_at = passed_at - interval '30 days', until = now()"
        " where user_id = %s",
        maya.user_id,
    )
    assert likes.passed(maya) == []
    assert likes.pass_on(maya, leo)["passed_at"] > first["passed_at"]
    assert likes.passed(maya) == ["Bella"]


def test_passes_that_are_over_are_deleted(
    url: str, likes: Likes, maya: Person, leo: Person
) -> None:
    likes.pass_on(maya, leo)
    assert call(url, WORKER, "prune_passes", p_limit=100) == 0
    look(url, "update public.passes set until = now() where user_id = %s", maya.user_id)

    assert call(url, WORKER, "prune_passes", p_limit=100) == 1
    assert look(url, "select 1 from public.passes where user_id = %s", maya.user_id) == []


def test_a_like_taken_back_and_given_again_announces_one_match(
    likes: Likes, maya: Person, leo: Person
) -> None:
    likes.like(maya, leo)
    likes.unlike(maya, leo)
    likes.unlike(maya, leo)
    assert likes.sent(maya) == []
    likes.like(maya, leo)
    likes.like(leo, maya)

    assert likes.emails(maya) == likes.emails(leo) == ["new_match"]


def test_a_like_needs_a_complete_profile_of_ones_own(
    url: str, likes: Likes, maya: Person, leo: Person
) -> None:
    look(url, "update public.dog_profiles set visible = false where user_id = %s", maya.user_id)
    assert likes.refusal(maya, "put_like", leo) == "profile_incomplete"
    assert likes.refusal(new_person(url), "put_like", leo) == "profile_incomplete"

    assert likes.pass_on(maya, leo)["until"]
    assert likes.sent(maya) == []


def test_a_like_stays_answered_when_ones_own_profile_is_hidden_later(
    url: str, likes: Likes, maya: Person, leo: Person
) -> None:
    first = likes.like(maya, leo)
    look(url, "update public.dog_profiles set visible = false where user_id = %s", maya.user_id)

    assert likes.like(maya, leo) == first


@pytest.mark.parametrize("step", ["put_like", "put_pass"])
def test_a_user_who_does_not_exist_for_me_is_not_found(
    url: str, likes: Likes, maya: Person, leo: Person, step: str
) -> None:
    look(url, "update public.dog_profiles set visible = false where user_id = %s", leo.user_id)
    nobody = Person("authenticated", uuid4())

    refusals = {likes.refusal(maya, step, other) for other in (leo, new_person(url), nobody)}

    assert refusals == {"not_found"}
    assert sqlstate(url, maya, step, p_user_id=None)[1] == "not_found"


def test_lists_leave_out_users_who_no_longer_exist_for_me(
    url: str, likes: Likes, maya: Person, leo: Person
) -> None:
    ben = published(url, "Luna")
    likes.like(maya, leo)
    likes.like(leo, maya)
    likes.like(ben, maya)
    likes.pass_on(maya, ben)
    likes.like(ben, leo)
    assert (likes.passed(maya), likes.received(leo)) == (["Luna"], ["Luna"])

    look(url, "update public.dog_profiles set visible = false where user_id = %s", ben.user_id)

    assert (likes.passed(maya), likes.received(leo)) == ([], [])
    assert likes.sent(maya) == ["Bella"]


def test_pages_of_likes_are_whole_and_in_order(url: str, likes: Likes, maya: Person) -> None:
    people = [published(url, f"Dog {number}") for number in range(5)]
    for person in people:
        likes.like(person, maya)
        if person is people[2]:
            likes.like(maya, person)
    expected = ["Dog 4", "Dog 3", "Dog 1", "Dog 0"]

    seen: list[str] = []
    before: dict[str, object] = {}
    for _ in range(4):
        (each, *_) = call(url, maya, "list_likes", p_direction="received", p_limit=1, **before)
        seen.append(each["user"]["display_name"])
        before = {"p_before_created_at": each["liked_at"], "p_before_id": each["user"]["user_id"]}

    assert seen == expected
    assert call(url, maya, "list_likes", p_direction="received", p_limit=1, **before) == []


def test_a_hidden_user_makes_no_match_until_shown_again(
    url: str, likes: Likes, maya: Person, leo: Person
) -> None:
    likes.like(leo, maya)
    look(
        url,
        "insert into private.hidden_profiles (user_id, hidden_by) values (%s, 'operator')",
        maya.user_id,
    )
    assert likes.like(maya, leo)["match"] is None
    assert (likes.sent(leo), likes.received(leo)) == ([], [])

    look(url, "delete from private.hidden_profiles where user_id = %s", maya.user_id)
    assert likes.received(leo) == ["Rex"]
    assert likes.like(leo, maya)["match"]["status"] == "accepted"


@pytest.mark.parametrize("step", ["put_like", "put_pass"])
def test_users_who_blocked_each_other_are_not_found(
    url: str, likes: Likes, maya: Person, leo: Person, step: str
) -> None:
    likes.like(maya, leo)
    look(
        url,
        "insert into private.blocks (user_id, blocked_id) values (%s, %s)",
        *(leo.user_id, maya.user_id),
    )

    assert likes.refusal(maya, step, leo) == likes.refusal(leo, step, maya) == "not_found"
    assert (likes.sent(maya), likes.received(leo)) == ([], [])


# --- crossing likes


def test_crossing_likes_make_one_match(url: str, likes: Likes) -> None:
    for _ in range(20):
        maya, leo = published(url), published(url)
        answers = race(
            url, [(maya, partial(liking, other=leo)), (leo, partial(liking, other=maya))]
        )
        found = [answer["match"] for answer in answers if answer["match"]]
        (stored,) = likes.matches_of(maya)
        assert [match["id"] for match in found] == [str(stored["id"])]
        assert likes.emails(maya) == likes.emails(leo) == ["new_match"]


def test_a_like_waits_for_the_like_that_crosses_it(
    url: str, likes: Likes, maya: Person, leo: Person
) -> None:
    with acting_as(url, maya) as first:
        assert liking(first, leo)["match"] is None
        answer = overtaken(url, first, leo, lambda second: liking(second, maya))

    assert answer["match"]["initiator_id"] == str(maya.user_id)


def test_an_open_invitation_is_accepted_by_a_mutual_like(
    url: str, likes: Likes, maya: Person, leo: Person
) -> None:
    invited = call(url, maya, "request_match", **invitation(leo))["match"]
    likes.like(leo, maya)
    match = likes.like(maya, leo)["match"]

    assert (match["id"], match["origin"]) == (invited["id"], "invitation")
    assert (match["status"], match["venue_suggestion"]) == ("accepted", "Café Central")
    assert likes.emails(leo, "cancelled") == ["match_invitation"]
    assert likes.emails(leo, "pending") == likes.emails(maya, "pending") == ["new_match"]

    likes.unlike(maya, leo)
    assert likes.matches_of(maya)[0]["status"] == "accepted"


def test_an_expired_invitation_makes_room_for_a_mutual_like(
    url: str, likes: Likes, maya: Person, leo: Person
) -> None:
    call(url, maya, "request_match", **invitation(leo))
    look(
        url,
        "update public.wingman_matches set expires_at = now() where user1_id = %s",
        maya.user_id,
    )

    likes.matched(leo, maya)

    assert [row["status"] for row in likes.matches_of(maya)] == ["expired", "accepted"]


def test_a_like_of_a_matched_user_answers_with_the_match(
    url: str, likes: Likes, maya: Person, leo: Person
) -> None:
    invited = call(url, maya, "request_match", **invitation(leo))["match"]
    call(url, leo, "respond_to_match", p_match_id=invited["id"], p_action="accept")

    answer = likes.like(maya, leo)

    assert (answer["match"]["id"], answer["due"]) == (invited["id"], [])
    assert likes.like(leo, maya)["match"]["origin"] == "invitation"
    assert "new_match" not in likes.emails(leo) + likes.emails(maya)


def test_an_invitation_of_a_matched_user_is_refused(
    url: str, likes: Likes, maya: Person, leo: Person
) -> None:
    likes.matched(maya, leo)

    assert sqlstate(url, leo, "request_match", **invitation(maya))[1] == "match_already_open"


def test_mutual_likes_do_not_count_as_invitations_of_the_day(
    url: str, likes: Likes, maya: Person, leo: Person
) -> None:
    likes.matched(maya, leo)

    other = new_person(url)
    assert call(url, maya, "request_match", **invitation(other, p_max_daily=1))["match"]
