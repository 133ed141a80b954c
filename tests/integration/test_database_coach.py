"""The names that the coach receives: `get_coach_context`."""

from typing import Any

from tests.integration.database import Person, call, look, new_person
from tests.integration.meetings import Pair


def names(url: str, person: Person, session_id: object = None) -> set[str]:
    found: dict[str, Any] = call(
        url, person, "get_coach_context", p_challenge_id=None, p_session_id=session_id
    )
    return set(found["names"])


def invite(url: str, inviter: Person, invitee: Person, status: str) -> None:
    look(
        url,
        "insert into public.wingman_matches (user1_id, user2_id, initiator_id, status)"
        " values (%s, %s, %s, %s)",
        inviter.user_id,
        invitee.user_id,
        inviter.user_id,
        status,
    )


def test_the_caller_names_are_returned(url: str, maya: Person) -> None:
    look(url, "update public.user_profiles set last_name = 'Winter' where id = %s", maya.user_id)

    assert names(url, maya) == {"Maya", "Winter"}


def test_a_caller_without_a_name_gets_no_name(url: str, maya: Person) -> None:
    look(url, "update public.user_profiles set first_name = null where id = %s", maya.user_id)

    assert names(url, maya) == set()


def test_a_partner_is_named_by_first_name_as_in_emails(url: str, maya: Person, leo: Person) -> None:
    look(url, "update public.user_profiles set last_name = 'Sommer' where id = %s", leo.user_id)
    invite(url, maya, leo, "accepted")

    assert names(url, maya) == {"Maya", "Leo"}
    assert names(url, leo) == {"Leo", "Maya", "Sommer"}


def test_the_invited_user_is_named_only_after_an_answer(
    url: str, maya: Person, leo: Person
) -> None:
    invite(url, maya, leo, "pending")
    invite(url, maya, new_person(url, "Ada"), "withdrawn")
    invite(url, maya, new_person(url, "Kim"), "declined")

    assert names(url, maya) == {"Maya", "Kim"}
    assert names(url, leo) == {"Leo", "Maya"}


def test_the_partner_of_a_meeting_is_named_after_any_number_of_later_matches(pair: Pair) -> None:
    session_id = pair.plan()["session"]["id"]
    someone = new_person(pair.url, "Ada")
    look(
        pair.url,
        "insert into public.wingman_matches (user1_id, user2_id, initiator_id, status)"
        " select %s, %s, %s, 'declined' from generate_series(1, 100)",
        *(pair.first.user_id, someone.user_id, pair.first.user_id),
    )

    assert names(pair.url, pair.first) == {"Maya", "Ada"}
    assert names(pair.url, pair.first, session_id) == {"Maya", "Ada", "Leo"}
