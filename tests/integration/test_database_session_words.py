"""Users confirm or report a session that has begun: `confirm_session`, `report_no_show`."""

from datetime import timedelta

import pytest

from tests.integration.meetings import (
    Pair,
    answered_emails,
    at_the_moment,
    emails,
    refusal,
    refused_at_the_moment,
)

_MOMENT = timedelta(microseconds=1)
_STARTED = timedelta(hours=-1)


def _people(pair: Pair) -> set[str]:
    return {str(pair.first.user_id), str(pair.second.user_id)}


def test_confirming_is_possible_from_the_start(pair: Pair) -> None:
    session_id = pair.session()

    refused = refused_at_the_moment(pair, session_id, _MOMENT, "confirm_session")
    session = at_the_moment(pair, session_id, timedelta(), "confirm_session")["session"]

    assert refused == "session_not_started"
    assert session["user2_completed_confirmed_by_user1"] is True
    assert session["user1_completed_confirmed_by_user2"] is False
    assert (session["status"], session["completed_at"]) == ("in_progress", None)


def test_one_user_alone_cannot_complete_a_session(pair: Pair) -> None:
    session_id = pair.session(_STARTED)

    for _ in range(3):
        answer = pair.do(pair.second, "confirm_session", session_id)
        assert (answer["session"]["status"], answer["due"]) == ("in_progress", [])
    assert answer["session"]["user1_completed_confirmed_by_user2"] is True
    assert answer["session"]["user2_completed_confirmed_by_user1"] is False


def test_both_confirmations_complete_a_session_and_request_feedback(pair: Pair) -> None:
    session_id = pair.session(_STARTED)
    pair.do(pair.first, "confirm_session", session_id)

    answer = pair.do(pair.second, "confirm_session", session_id)

    assert answer["session"]["status"] == "completed"
    assert answer["session"]["completed_at"] is not None
    assert set(answer["changed_users"]) == _people(pair)
    sent = answered_emails(pair.url, answer)
    assert {email["user_id"] for email in sent} == {pair.first.user_id, pair.second.user_id}
    assert {(email["email_template"], email["priority"]) for email in sent} == {
        ("session_feedback", "bulk")
    }
    assert len(emails(pair.url, session_id, "session_feedback")) == 2


# --- saying that the other did not come


def test_a_report_is_possible_from_a_quarter_past_for_seven_days(pair: Pair) -> None:
    session_id = pair.session()
    quarter, week = timedelta(minutes=-15), timedelta(days=-7)

    early = refused_at_the_moment(pair, session_id, quarter + _MOMENT, "report_no_show")
    late = refused_at_the_moment(pair, session_id, week - _MOMENT, "report_no_show")

    assert (early, late) == ("no_show_too_early", "no_show_too_late")
    for moment in (quarter, week):
        session = at_the_moment(pair, session_id, moment, "report_no_show")["session"]
        assert session["no_show_user_ids"] == [str(pair.second.user_id)]
        assert session["status"] == "in_progress"
        pair.store(session_id, no_show_user_ids=[])


def test_a_report_counts_once_however_often_it_is_made(pair: Pair) -> None:
    session_id = pair.session(_STARTED)

    for _ in range(2):
        answer = pair.do(pair.first, "report_no_show", session_id)
        assert answer["session"]["no_show_user_ids"] == [str(pair.second.user_id)]
        assert (answer["changed_users"], answer["due"]) == ([], [])


def test_a_user_who_confirmed_cannot_report(pair: Pair) -> None:
    session_id = pair.session(_STARTED)
    pair.do(pair.first, "confirm_session", session_id)

    refused = refusal(pair.url, pair.first, "report_no_show", session_id)

    assert refused == "WS007 session_already_answered"


def test_a_confirmation_withdraws_the_users_own_report_and_no_other(pair: Pair) -> None:
    session_id = pair.session(_STARTED)
    pair.do(pair.first, "report_no_show", session_id)
    pair.do(pair.second, "report_no_show", session_id)

    answer = pair.do(pair.first, "confirm_session", session_id)

    assert answer["session"]["no_show_user_ids"] == [str(pair.first.user_id)]


@pytest.mark.parametrize(
    ("before", "after"), [([], "no_show"), (["first"], "expired")], ids=["silence", "a report"]
)
def test_a_late_report_is_judged_like_an_early_one(
    pair: Pair, before: list[str], after: str
) -> None:
    session_id = pair.session(timedelta(days=-3))
    missing = [getattr(pair, name).user_id for name in before]
    pair.store(session_id, status="no_show" if before else "expired", no_show_user_ids=missing)

    answer = pair.do(pair.first, "report_no_show", session_id)

    assert answer["session"]["status"] == after
    assert answer["session"]["no_show_user_ids"] == [
        *map(str, missing),
        str(pair.second.user_id),
    ]
    assert set(answer["changed_users"]) == _people(pair)


def test_a_late_report_costs_only_the_missing_user_the_completion(pair: Pair) -> None:
    session_id = pair.session(timedelta(days=-3))
    pair.store(session_id, status="completed", user2_completed_confirmed_by_user1=True)

    answer = pair.do(pair.second, "report_no_show", session_id)

    assert answer["session"]["status"] == "completed"
    assert set(answer["changed_users"]) == _people(pair)
    stored = pair.read(session_id)
    assert (stored["user1_counts_as"], stored["user2_counts_as"]) == (None, "completed")
    assert refusal(pair.url, pair.first, "report_no_show", session_id) == "WS004 session_not_open"


def test_a_cancelled_session_cannot_be_reported(pair: Pair) -> None:
    session_id = pair.session(_STARTED)
    pair.do(pair.first, "cancel_session", session_id)

    assert refusal(pair.url, pair.second, "report_no_show", session_id) == "WS004 session_not_open"
