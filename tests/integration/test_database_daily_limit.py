"""How many invitations a person may send in 24 hours."""

import psycopg
import pytest

from tests.integration.database import (
    Action,
    Person,
    call,
    invitation,
    invoke,
    look,
    new_person,
    race,
    rows,
    sqlstate,
)


def _invite_someone(url: str, maya: Person, **changes: object) -> None:
    call(url, maya, "request_match", **invitation(new_person(url), **changes))


def _refusal(url: str, maya: Person, **changes: object) -> tuple[str | None, str]:
    return sqlstate(url, maya, "request_match", **invitation(new_person(url), **changes))


def _age_all(url: str, maya: Person, hours: float) -> None:
    look(
        url,
        "update public.wingman_matches set created_at = created_at - %s * interval '1 hour'"
        " where user1_id = %s",
        *(hours, maya.user_id),
    )


def test_the_invitation_above_the_limit_is_refused(url: str, maya: Person) -> None:
    for _ in range(2):
        _invite_someone(url, maya, p_max_daily=2)

    assert _refusal(url, maya, p_max_daily=2) == ("WM006", "daily_match_limit")


def test_the_limit_rolls_over_24_hours(url: str, maya: Person) -> None:
    _invite_someone(url, maya, p_max_daily=1)

    _age_all(url, maya, hours=23.9)
    assert _refusal(url, maya, p_max_daily=1) == ("WM006", "daily_match_limit")

    _age_all(url, maya, hours=0.2)
    _invite_someone(url, maya, p_max_daily=1)


def test_the_refusal_states_the_seconds_to_wait(url: str, maya: Person) -> None:
    _invite_someone(url, maya, p_max_daily=2)
    _age_all(url, maya, hours=20)
    _invite_someone(url, maya, p_max_daily=2)
    _age_all(url, maya, hours=1)

    with pytest.raises(psycopg.Error) as refused:
        rows(url, maya, "request_match", **invitation(new_person(url), p_max_daily=2))

    seconds = int(refused.value.diag.message_detail or "")
    assert 3 * 3600 - 60 < seconds <= 3 * 3600


def test_a_caller_cannot_raise_the_configured_limit(url: str, maya: Person) -> None:
    for _ in range(10):
        _invite_someone(url, maya, p_max_daily=1000)

    assert _refusal(url, maya, p_max_daily=1000) == ("WM006", "daily_match_limit")
    assert _refusal(url, maya, p_max_daily=None) == ("WM006", "daily_match_limit")


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_zero_allows_no_invitation(url: str, maya: Person, limit: int) -> None:
    assert _refusal(url, maya, p_max_daily=limit) == ("WM006", "daily_match_limit")


def test_withdrawing_does_not_restore_an_invitation(url: str, maya: Person) -> None:
    answer = call(url, maya, "request_match", **invitation(new_person(url), p_max_daily=1))
    call(url, maya, "withdraw_match", p_match_id=answer["match"]["id"])

    assert _refusal(url, maya, p_max_daily=1) == ("WM006", "daily_match_limit")


def test_a_refused_invitation_stores_nothing(url: str, maya: Person) -> None:
    leo = new_person(url, "Leo")
    sqlstate(url, maya, "request_match", **invitation(leo, p_max_daily=0))

    assert look(url, "select 1 from public.wingman_matches where user2_id = %s", leo.user_id) == []
    assert look(url, "select 1 from public.email_logs where user_id = %s", leo.user_id) == []


def test_simultaneous_invitations_do_not_slip_past_the_limit(url: str, maya: Person) -> None:
    def invite(someone: Person) -> Action:
        return lambda connection: invoke(
            connection, "request_match", **invitation(someone, p_max_daily=3)
        )

    outcomes = race(url, [(maya, invite(new_person(url))) for _ in range(12)])

    refused = [outcome.sqlstate for outcome in outcomes if isinstance(outcome, psycopg.Error)]
    assert refused == ["WM006"] * 9
    sent = look(url, "select 1 from public.wingman_matches where user1_id = %s", maya.user_id)
    assert len(sent) == 3
