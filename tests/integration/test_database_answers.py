"""Answering and withdrawing an invitation: `respond_to_match`, `withdraw_match`.

Property 5 of the specification (a match implies an accepted invitation), with
test_database_rights.py: only the invited user accepts, and in no other way.
"""

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.integration.database import (
    Action,
    Person,
    call,
    email_row,
    invitation,
    invoke,
    look,
    new_person,
    race,
    sqlstate,
)

_ALREADY_ANSWERED = ("WM008", "match_already_answered")


@pytest.fixture
def invited(url: str, maya: Person, leo: Person) -> dict[str, Any]:
    """Maya has invited Leo."""
    return call(url, maya, "request_match", **invitation(leo))  # type: ignore[no-any-return]


@pytest.fixture
def match_id(invited: dict[str, Any]) -> str:
    return str(invited["match"]["id"])


def _answer(url: str, person: Person, match_id: str, action: str) -> Any:
    return call(url, person, "respond_to_match", p_match_id=match_id, p_action=action)


def _refused_answer(
    url: str, person: Person, match_id: str, action: str = "accept"
) -> tuple[str | None, str]:
    return sqlstate(url, person, "respond_to_match", p_match_id=match_id, p_action=action)


def _withdraw(url: str, person: Person, match_id: str) -> Any:
    return call(url, person, "withdraw_match", p_match_id=match_id)


def _refused_withdrawal(url: str, person: Person, match_id: str) -> tuple[str | None, str]:
    return sqlstate(url, person, "withdraw_match", p_match_id=match_id)


def _expire(url: str, match_id: str) -> None:
    look(url, "update public.wingman_matches set expires_at = now() where id = %s", match_id)


def _emails(url: str, match_id: str, template: str) -> list[dict[str, Any]]:
    return look(
        url,
        "select * from public.email_logs where match_id = %s and email_template = %s"
        " order by template_data ->> 'role'",
        *(match_id, template),
    )


def test_accepting_sends_an_email_to_both_users(
    url: str, maya: Person, leo: Person, match_id: str
) -> None:
    answer = _answer(url, leo, match_id, "accept")

    to_leo, to_maya = _emails(url, match_id, "match_accepted")
    assert {email["id"] for email in answer["due"]} == {str(to_leo["id"]), str(to_maya["id"])}
    assert (to_leo["user_id"], to_maya["user_id"]) == (leo.user_id, maya.user_id)
    assert to_maya["template_data"] == {
        "partner_name": "Leo",
        "venue_suggestion": "Café Central",
        "match_id": match_id,
        "role": "inviter",
    }
    assert to_leo["template_data"] == to_maya["template_data"] | {
        "partner_name": "Maya",
        "role": "invitee",
    }


def test_accepting_shows_in_the_match(url: str, leo: Person, match_id: str) -> None:
    match = _answer(url, leo, match_id, "accept")["match"]

    assert match["status"] == "accepted"
    assert match["responded_at"] is not None


def test_declining_sends_an_email_to_the_inviter(
    url: str, maya: Person, leo: Person, match_id: str
) -> None:
    answer = _answer(url, leo, match_id, "decline")

    (email,) = _emails(url, match_id, "match_declined")
    assert answer["match"]["status"] == "declined"
    assert answer["due"] == [{"channel": "email", "id": str(email["id"]), "priority": "urgent"}]
    assert email["user_id"] == maya.user_id
    assert email["template_data"] == {"partner_name": "Leo", "match_id": match_id}


def test_the_inviter_reads_the_reason_to_decline(url: str, leo: Person, match_id: str) -> None:
    answer = {"p_match_id": match_id, "p_action": "decline", "p_reason": "I am away."}
    call(url, leo, "respond_to_match", **answer)
    call(url, leo, "respond_to_match", **answer | {"p_reason": "I changed my mind."})

    (email,) = _emails(url, match_id, "match_declined")
    assert email["template_data"]["reason"] == "I am away."


@pytest.mark.parametrize(
    ("action", "length", "refusal"), [("accept", 1, "WA003"), ("decline", 501, "WA004")]
)
def test_a_reason_is_short_and_only_for_declining(
    url: str, leo: Person, match_id: str, action: str, length: int, refusal: str
) -> None:
    answer = {"p_match_id": match_id, "p_action": action, "p_reason": "x" * length}

    assert sqlstate(url, leo, "respond_to_match", **answer)[0] == refusal


@pytest.mark.parametrize("action", ["accept", "decline"])
def test_the_same_answer_again_changes_and_sends_nothing(
    url: str, leo: Person, match_id: str, action: str
) -> None:
    first = _answer(url, leo, match_id, action)

    again = _answer(url, leo, match_id, action)

    assert again == {"match": first["match"], "views": {}, "due": []}


@pytest.mark.parametrize(("first", "second"), [("accept", "decline"), ("decline", "accept")])
def test_the_other_answer_is_a_conflict(
    url: str, leo: Person, match_id: str, first: str, second: str
) -> None:
    _answer(url, leo, match_id, first)

    assert _refused_answer(url, leo, match_id, second) == _ALREADY_ANSWERED


def test_the_initiator_cannot_answer(url: str, maya: Person, match_id: str) -> None:
    assert _refused_answer(url, maya, match_id) == ("WM007", "initiator_cannot_respond")


def test_a_stranger_finds_no_match_to_answer_or_withdraw(url: str, match_id: str) -> None:
    stranger = new_person(url)

    assert _refused_answer(url, stranger, match_id) == ("WM002", "not_found")
    assert _refused_withdrawal(url, stranger, match_id) == ("WM002", "not_found")
    assert sqlstate(url, stranger, "get_match", p_match_id=match_id) == ("WM002", "not_found")


def test_an_unknown_match_is_not_found(url: str, leo: Person) -> None:
    assert _refused_answer(url, leo, str(uuid4())) == ("WM002", "not_found")


@pytest.mark.parametrize("action", ["", "ACCEPT", "accepted", None])
def test_an_unknown_action_is_refused(url: str, leo: Person, match_id: str, action: str) -> None:
    assert _refused_answer(url, leo, match_id, action) == ("WM011", "invalid_action")


def test_an_expired_invitation_can_be_neither_answered_nor_withdrawn(
    url: str, maya: Person, leo: Person, match_id: str
) -> None:
    _expire(url, match_id)

    assert _refused_answer(url, leo, match_id) == ("WM009", "match_expired")
    assert _refused_withdrawal(url, maya, match_id) == ("WM009", "match_expired")


@pytest.mark.parametrize("function", ["get_match", "withdraw_match", "respond_to_match"])
def test_a_token_of_a_deleted_user_is_unauthenticated(
    url: str, match_id: str, function: str
) -> None:
    extra = {"p_action": "accept"} if function == "respond_to_match" else {}
    gone = Person("authenticated", uuid4())

    refusal = sqlstate(url, gone, function, p_match_id=match_id, **extra)

    assert refusal == ("WA001", "unauthenticated")


def test_withdrawing_closes_the_invitation(
    url: str, maya: Person, leo: Person, match_id: str
) -> None:
    answer = _withdraw(url, maya, match_id)

    assert (answer["match"]["status"], answer["due"]) == ("withdrawn", [])
    assert _refused_answer(url, leo, match_id) == _ALREADY_ANSWERED


def test_withdrawing_again_is_the_same_answer(url: str, maya: Person, match_id: str) -> None:
    assert _withdraw(url, maya, match_id) == _withdraw(url, maya, match_id)


def test_the_invited_person_cannot_withdraw(url: str, leo: Person, match_id: str) -> None:
    assert _refused_withdrawal(url, leo, match_id) == ("WM010", "only_the_initiator_can_withdraw")


def test_an_answered_invitation_cannot_be_withdrawn(
    url: str, maya: Person, leo: Person, match_id: str
) -> None:
    _answer(url, leo, match_id, "accept")

    assert _refused_withdrawal(url, maya, match_id) == _ALREADY_ANSWERED


@pytest.mark.parametrize("end", ["accept", "decline", "withdraw"])
def test_an_invitation_email_that_did_not_go_out_is_cancelled(
    url: str, maya: Person, leo: Person, invited: dict[str, Any], end: str
) -> None:
    match_id = invited["match"]["id"]
    if end == "withdraw":
        _withdraw(url, maya, match_id)
    else:
        _answer(url, leo, match_id, end)

    assert email_row(url, invited["due"][0]["id"])["delivery_status"] == "cancelled"


def test_an_invitation_email_that_may_be_out_is_not_cancelled(
    url: str, maya: Person, invited: dict[str, Any]
) -> None:
    email_id = invited["due"][0]["id"]
    look(
        url,
        "update public.email_logs set send_group = gen_random_uuid(), group_position = 0,"
        " group_started_at = now() where id = %s",
        email_id,
    )

    _withdraw(url, maya, invited["match"]["id"])

    assert email_row(url, email_id)["delivery_status"] == "pending"


def test_one_of_fifty_simultaneous_answers_wins(url: str, leo: Person, match_id: str) -> None:
    def answer(action: str) -> Action:
        return lambda connection: invoke(
            connection, "respond_to_match", p_match_id=match_id, p_action=action
        )[0]["respond_to_match"]

    outcomes = race(url, [(leo, answer("accept")), (leo, answer("decline"))] * 25)

    answers = [outcome for outcome in outcomes if not isinstance(outcome, psycopg.Error)]
    refused = {each.sqlstate for each in outcomes if isinstance(each, psycopg.Error)}
    (status,) = {each["match"]["status"] for each in answers}
    assert (len(answers), refused) == (25, {"WM008"})
    sent = sorted(len(each["due"]) for each in answers)
    assert sent == [0] * 24 + [2 if status == "accepted" else 1]
    stored = look(
        url,
        "select email_template from public.email_logs where match_id = %s"
        " and email_template <> 'match_invitation'",
        match_id,
    )
    assert [email["email_template"] for email in stored] == [f"match_{status}"] * sent[-1]


def test_one_of_twenty_simultaneous_invitations_from_both_sides_becomes_a_match(
    url: str, maya: Person, leo: Person
) -> None:
    def invite(invitee: Person) -> Action:
        return lambda connection: invoke(connection, "request_match", **invitation(invitee))

    outcomes = race(url, [(maya, invite(leo)), (leo, invite(maya))] * 10)

    refused = [each.sqlstate for each in outcomes if isinstance(each, psycopg.Error)]
    assert refused == ["WM003"] * 19
    stored = look(
        url,
        "select 1 from public.wingman_matches where %s in (user1_id, user2_id)",
        maya.user_id,
    )
    assert len(stored) == 1
