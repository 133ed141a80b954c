"""Inviting someone: `request_match`.

Property 6 of the specification (one active match per pair); test_database_answers.py races for it.
"""

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.connections import Connection
from tests.integration.database import (
    Person,
    acting_as,
    call,
    email_row,
    invitation,
    invoke,
    look,
    overtaken,
    sqlstate,
)

_MATCH_FIELDS = {
    *("id", "user1_id", "user2_id", "initiator_id", "origin", "status", "venue_suggestion"),
    *("note", "created_at", "responded_at", "expires_at", "ended_at", "partner"),
}


def _invite(url: str, inviter: Person, invitee: Person, **changes: object) -> Any:
    return call(url, inviter, "request_match", **invitation(invitee, **changes))


def _refusal(
    url: str, inviter: Person, invitee: Person, **changes: object
) -> tuple[str | None, str]:
    return sqlstate(url, inviter, "request_match", **invitation(invitee, **changes))


def test_an_invitation_is_a_pending_match(url: str, maya: Person, leo: Person) -> None:
    answer = _invite(url, maya, leo)

    match = answer["match"]
    assert set(match) == _MATCH_FIELDS
    assert (match["user1_id"], match["user2_id"]) == (str(maya.user_id), str(leo.user_id))
    assert (match["initiator_id"], match["status"]) == (str(maya.user_id), "pending")
    assert (match["venue_suggestion"], match["note"]) == ("Café Central", "Chess?")
    assert match["responded_at"] is None
    assert match["created_at"].endswith("Z")
    assert answer["replayed"] is False


def test_an_invitation_lasts_48_hours(url: str, maya: Person, leo: Person) -> None:
    match = _invite(url, maya, leo)["match"]

    lasts = "select %s::timestamptz - %s::timestamptz = interval '48 hours' as expected"
    assert look(url, lasts, match["expires_at"], match["created_at"]) == [{"expected": True}]


def test_an_invitation_leaves_one_email_to_the_invited_in_the_outbox(
    url: str, maya: Person, leo: Person
) -> None:
    answer = _invite(url, maya, leo)

    match = answer["match"]
    (email,) = look(url, "select * from public.email_logs where match_id = %s", match["id"])
    assert answer["due"] == [{"channel": "email", "id": str(email["id"]), "priority": "bulk"}]
    assert (email["user_id"], email["recipient_email"]) == (leo.user_id, leo.email)
    assert (email["email_template"], email["delivery_status"]) == ("match_invitation", "pending")
    assert email["dedupe_key"] == f"match_invitation:{leo.user_id}:{match['id']}"
    assert email["template_data"] == {
        "inviter_name": "Maya",
        "venue_suggestion": "Café Central",
        "note": "Chess?",
        "match_id": match["id"],
        "expires_at": match["expires_at"],
    }


@pytest.mark.parametrize("name", ["  ", None])
def test_an_inviter_without_a_name_is_someone(
    url: str, maya: Person, leo: Person, name: str | None
) -> None:
    look(url, "update public.user_profiles set first_name = %s where id = %s", name, maya.user_id)

    answer = _invite(url, maya, leo)

    email = email_row(url, answer["due"][0]["id"])
    assert email["template_data"]["inviter_name"] == "Someone"


def test_a_person_without_an_address_gets_no_email(url: str, maya: Person, leo: Person) -> None:
    look(url, "update auth.users set email = null where id = %s", leo.user_id)

    assert _invite(url, maya, leo)["due"] == []


def test_a_token_of_a_deleted_user_is_unauthenticated(url: str, leo: Person) -> None:
    gone = Person("authenticated", uuid4())

    assert _refusal(url, gone, leo) == ("WA001", "unauthenticated")


def test_inviting_an_unknown_user_is_not_found(url: str, maya: Person) -> None:
    unknown = Person("authenticated", uuid4())

    assert _refusal(url, maya, unknown) == ("WM001", "not_found")


def test_inviting_yourself_is_refused(url: str, maya: Person) -> None:
    assert _refusal(url, maya, maya) == ("WM005", "cannot_invite_yourself")


def test_a_place_that_deceives_is_not_suggested(url: str, maya: Person, leo: Person) -> None:
    suggestion = invitation(leo, p_venue_suggestion="evil.com")

    assert sqlstate(url, maya, "request_match", **suggestion) == ("WA003", "refused_words")


def test_after_withdrawing_the_inviter_waits_a_day(url: str, maya: Person, leo: Person) -> None:
    first = _invite(url, maya, leo)["match"]["id"]
    call(url, maya, "withdraw_match", p_match_id=first)

    assert _refusal(url, maya, leo) == ("WM012", "recently_withdrawn")

    age = "update public.wingman_matches set created_at = now() - %s::interval where id = %s"
    look(url, age, "23 hours 59 minutes", first)
    assert _refusal(url, maya, leo) == ("WM012", "recently_withdrawn")
    look(url, age, "24 hours", first)
    assert _invite(url, maya, leo)["match"]["status"] == "pending"


def test_after_a_withdrawal_the_other_user_may_invite(url: str, maya: Person, leo: Person) -> None:
    first = _invite(url, maya, leo)["match"]["id"]
    call(url, maya, "withdraw_match", p_match_id=first)

    assert _invite(url, leo, maya)["match"]["status"] == "pending"


@pytest.mark.parametrize("status", ["pending", "accepted"])
def test_a_pair_has_one_open_match_whoever_invites(
    url: str, maya: Person, leo: Person, status: str
) -> None:
    match = _invite(url, maya, leo)["match"]
    look(url, "update public.wingman_matches set status = %s where id = %s", status, match["id"])

    assert _refusal(url, maya, leo) == ("WM003", "match_already_open")
    assert _refusal(url, leo, maya) == ("WM003", "match_already_open")


def test_an_expired_invitation_makes_room_for_a_new_one(
    url: str, maya: Person, leo: Person
) -> None:
    first = _invite(url, maya, leo)["match"]["id"]
    look(url, "update public.wingman_matches set expires_at = now() where id = %s", first)

    second = _invite(url, leo, maya)["match"]

    assert second["status"] == "pending"
    stored = look(url, "select status from public.wingman_matches where id = %s", first)
    assert stored == [{"status": "expired"}]


def _declined(url: str, maya: Person, leo: Person, days_ago: float) -> None:
    match = _invite(url, maya, leo)["match"]
    look(
        url,
        "update public.wingman_matches set status = 'declined',"
        " responded_at = now() - %s * interval '1 day' where id = %s",
        *(days_ago, match["id"]),
    )


def test_a_declined_pair_rests_for_seven_days_whoever_invites(
    url: str, maya: Person, leo: Person
) -> None:
    _declined(url, maya, leo, days_ago=6.99)

    assert _refusal(url, maya, leo) == ("WM004", "recently_declined")
    assert _refusal(url, leo, maya) == ("WM004", "recently_declined")


def test_a_declined_pair_may_try_again_after_seven_days(
    url: str, maya: Person, leo: Person
) -> None:
    _declined(url, maya, leo, days_ago=7.01)

    assert _invite(url, leo, maya)["match"]["status"] == "pending"


def test_a_decline_that_is_being_given_stops_the_next_invitation(
    url: str, maya: Person, leo: Person
) -> None:
    match = _invite(url, maya, leo)["match"]

    def invite_again(connection: Connection) -> object:
        return invoke(connection, "request_match", **invitation(leo))

    with acting_as(url, leo) as answering:
        invoke(answering, "respond_to_match", p_match_id=match["id"], p_action="decline")
        outcome = overtaken(url, answering, maya, invite_again)

    assert getattr(outcome, "sqlstate", outcome) == "WM004"
