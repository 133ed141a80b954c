"""The open session of a match that ends, and steps at the same moment."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.database import (
    Person,
    acting_as,
    invitation,
    invoke,
    look,
    overtaken,
    race,
    sqlstate,
)
from tests.integration.feeds import feed, stored
from tests.integration.liking import ENDS, Likes, blocked, ended_by, liking, published
from tests.integration.meetings import Pair, planned


def test_the_open_session_is_cancelled_without_a_name_or_a_reason(
    likes: Likes, bella: Person, couple: Pair
) -> None:
    session_id = couple.session()

    answer = likes.unmatch(couple.first, couple.match_id)

    session = couple.read(session_id)
    assert (session["status"], session["cancelled_by"]) == ("cancelled", couple.first.user_id)
    assert answer["changed_users"] == []
    (email,) = look(
        couple.url,
        "select id, template_data from public.email_logs where user_id = %s"
        " and email_template = 'session_called_off'",
        bella.user_id,
    )
    assert list(email["template_data"]) == ["scheduled_time"]
    assert [due["id"] for due in answer["due"]] == [str(email["id"])]


@ENDS
def test_the_other_user_is_notified_without_a_reason(
    likes: Likes, rex: Person, bella: Person, mutual: Any, way: str
) -> None:
    ended_by(likes, way, rex, bella, mutual["id"])

    (newest, *_) = feed(likes.url, bella)
    assert (newest["kind"], newest["match_id"]) == ("match_ended", mutual["id"])
    assert newest["facts"] == {"match_id": mutual["id"], "partner_name": "Rex"}
    assert [row["kind"] for row in feed(likes.url, rex)] == ["new_match"]
    assert "match_ended" not in likes.emails(bella)


@ENDS
def test_a_late_end_counts_as_a_late_cancellation(likes: Likes, couple: Pair, way: str) -> None:
    session_id = couple.session(timedelta(minutes=100))

    answer = ended_by(likes, way, couple.first, couple.second, couple.match_id)

    assert answer["changed_users"] == [str(couple.first.user_id)]
    assert couple.read(session_id)["user1_counts_as"] == "no_show"
    assert couple.read(session_id)["user2_counts_as"] is None


def test_a_block_costs_no_reputation_and_is_not_announced(couple: Pair) -> None:
    session_id = couple.session(timedelta(minutes=100))

    blocked(couple)

    assert couple.read(session_id)["status"] == "cancelled"
    assert couple.read(session_id)["user1_counts_as"] is None
    assert "match_ended" not in [row["kind"] for row in stored(couple.url, couple.second)]


@pytest.mark.parametrize("answer", ["confirm_session", "report_no_show"])
def test_an_end_erases_nothing_that_was_said_about_a_meeting(
    likes: Likes, couple: Pair, answer: str
) -> None:
    session_id = couple.session(-timedelta(minutes=20))
    couple.do(couple.second, answer, session_id)

    likes.unmatch(couple.first, couple.match_id)

    assert couple.read(session_id)["status"] == "scheduled"
    couple.do(couple.first, answer, session_id)
    assert couple.read(session_id)["status"] in {"scheduled", "completed"}


def test_an_end_closes_a_session_that_is_over_by_what_was_said(likes: Likes, couple: Pair) -> None:
    session_id = couple.session(-timedelta(hours=25))
    couple.do(couple.first, "confirm_session", session_id)

    answer = likes.unmatch(couple.second, couple.match_id)

    assert couple.read(session_id)["status"] == "completed"
    assert set(answer["changed_users"]) == {str(p.user_id) for p in (couple.first, couple.second)}
    assert "session_feedback" not in likes.emails(couple.first, "pending")


def test_no_session_is_planned_on_an_ended_match(likes: Likes, couple: Pair) -> None:
    likes.unmatch(couple.second, couple.match_id)

    refused = sqlstate(couple.url, couple.first, "create_session", **planned(couple.match_id))

    assert refused == ("WS002", "match_not_accepted")


def test_a_session_that_is_being_planned_is_cancelled(likes: Likes, couple: Pair) -> None:
    with acting_as(couple.url, couple.first) as planning:
        invoke(planning, "create_session", **planned(couple.match_id))
        overtaken(
            couple.url,
            planning,
            couple.second,
            lambda ending: invoke(ending, "unmatch", p_match_id=couple.match_id),
        )

    found = look(
        couple.url,
        "select status from public.wingman_sessions where match_id = %s",
        couple.match_id,
    )
    assert [row["status"] for row in found] == ["cancelled"]


def test_planning_waits_for_an_end_and_is_refused(couple: Pair) -> None:
    with acting_as(couple.url, couple.second) as ending:
        invoke(ending, "unmatch", p_match_id=couple.match_id)
        refused = overtaken(
            couple.url,
            ending,
            couple.first,
            lambda planning: invoke(planning, "create_session", **planned(couple.match_id)),
        )

    assert refused.sqlstate == "WS002"


def test_a_like_waits_for_an_end_and_is_refused(couple: Pair) -> None:
    with acting_as(couple.url, couple.second) as ending:
        invoke(ending, "unmatch", p_match_id=couple.match_id)
        refused = overtaken(
            couple.url, ending, couple.first, lambda second: liking(second, couple.second)
        )

    assert refused.diag.message_primary == "match_ended"


def test_an_invitation_waits_for_an_end_and_is_refused(url: str, likes: Likes) -> None:
    rex, bella = published(url), published(url)
    match = likes.matched(rex, bella)
    with acting_as(url, bella) as ending:
        invoke(ending, "unmatch", p_match_id=match["id"])
        refused = overtaken(
            url, ending, rex, lambda second: invoke(second, "request_match", **invitation(bella))
        )

    assert refused.diag.message_primary == "match_ended"


def test_both_end_the_match_at_once(url: str, likes: Likes, couple: Pair) -> None:
    couple.session()

    def ending(connection: Any) -> Any:
        return invoke(connection, "unmatch", p_match_id=couple.match_id)

    answers = race(url, [(couple.first, ending), (couple.second, ending)])

    called_off = [row["unmatch"]["due"] for rows in answers for row in rows]
    assert sorted(map(len, called_off)) == [0, 1]


def test_no_limit_of_emails_keeps_a_user_in_a_match(likes: Likes, couple: Pair) -> None:
    couple.session()
    look(couple.url, "update private.app_settings set max_daily_emails = 0")
    try:
        answer = likes.unmatch(couple.first, couple.match_id)
    finally:
        look(couple.url, "update private.app_settings set max_daily_emails = 30")

    assert len(answer["due"]) == 1
