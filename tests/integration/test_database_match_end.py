"""The end of a match in the database: for good, with its session, its emails and both likes."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

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
    race,
    sqlstate,
)
from tests.integration.liking import Likes, liking, published
from tests.integration.meetings import Pair, new_match, planned


@pytest.fixture
def likes(url: str) -> Likes:
    return Likes(url)


@pytest.fixture
def maya(url: str) -> Person:
    return published(url, "Rex")


@pytest.fixture
def leo(url: str) -> Person:
    return published(url, "Bella")


@pytest.fixture
def match(likes: Likes, maya: Person, leo: Person) -> Any:
    """The match of two who like each other; Maya liked first."""
    return likes.matched(maya, leo)


@pytest.fixture
def pair(url: str, maya: Person, leo: Person, match: Any) -> Pair:
    return Pair(url, maya, leo, UUID(match["id"]))


def ended_by(likes: Likes, way: str, person: Person, other: Person, match_id: object) -> Any:
    if way == "unmatch":
        return likes.unmatch(person, match_id)
    return likes.unlike(person, other) if way == "unlike" else likes.pass_on(person, other)


ENDS = pytest.mark.parametrize("way", ["unmatch", "unlike", "pass"])


@ENDS
def test_a_match_ends_for_good(
    url: str, likes: Likes, maya: Person, leo: Person, match: Any, way: str
) -> None:
    ended_by(likes, way, leo, maya, match["id"])

    for person, other in ((maya, leo), (leo, maya)):
        assert call(url, person, "list_matches") == []
        (listed,) = call(url, person, "list_matches", p_status="ended")
        assert (listed["id"], listed["partner"]["user_id"]) == (match["id"], str(other.user_id))
        assert listed["ended_at"] is not None
        assert likes.refusal(person, "put_like", other) == "match_ended"
        assert likes.refusal(person, "delete_pass", other) == "match_ended"
        assert sqlstate(url, person, "request_match", **invitation(other)) == (
            "WM013",
            "match_ended",
        )
    assert likes.sent(maya) == likes.sent(leo) == []
    assert [row["status"] for row in likes.matches_of(maya)] == ["ended"]


def test_ending_again_returns_the_match_unchanged(
    likes: Likes, maya: Person, leo: Person, match: Any
) -> None:
    first = likes.unmatch(maya, match["id"])
    assert first["match"]["status"] == "ended"

    for person in (maya, leo):
        again = likes.unmatch(person, match["id"])
        assert (again["match"]["ended_at"], again["due"]) == (first["match"]["ended_at"], [])


def test_either_side_ends_an_accepted_invitation(url: str, likes: Likes, maya: Person) -> None:
    leo = new_person(url, "Leo")
    match_id = new_match(url, maya, leo)

    assert likes.unmatch(leo, match_id)["match"]["status"] == "ended"
    assert sqlstate(url, leo, "request_match", **invitation(maya))[1] == "match_ended"


@pytest.mark.parametrize("status", ["pending", "declined", "expired", "withdrawn"])
def test_only_an_accepted_match_is_ended(
    url: str, likes: Likes, maya: Person, leo: Person, status: str
) -> None:
    match_id = new_match(url, maya, leo, status)

    refused = sqlstate(url, leo, "unmatch", p_match_id=match_id)

    assert refused == ("WM014", "match_not_accepted")


def test_a_match_of_others_is_not_ended(url: str, match: Any) -> None:
    ben = new_person(url)

    assert sqlstate(url, ben, "unmatch", p_match_id=match["id"]) == ("WM002", "not_found")
    assert sqlstate(url, ben, "unmatch", p_match_id=uuid4()) == ("WM002", "not_found")


def test_unsent_emails_about_the_match_are_cancelled(
    likes: Likes, maya: Person, leo: Person, pair: Pair
) -> None:
    pair.plan()
    at_provider = look(
        pair.url,
        "select id from public.email_logs where user_id = %s and email_template = 'new_match'",
        leo.user_id,
    )[0]["id"]
    bind(pair.url, at_provider)

    likes.unmatch(maya, pair.match_id)

    assert likes.emails(maya, "pending", "sending") == []
    assert likes.emails(leo, "pending") == ["session_called_off"]
    assert email_row(pair.url, at_provider)["delivery_status"] == "sending"


def test_the_open_session_is_cancelled_without_a_name_or_a_reason(
    likes: Likes, leo: Person, pair: Pair
) -> None:
    session_id = pair.session()

    answer = likes.unmatch(pair.first, pair.match_id)

    session = pair.read(session_id)
    assert (session["status"], session["cancelled_by"]) == ("cancelled", pair.first.user_id)
    assert answer["changed_users"] == []
    (email,) = look(
        pair.url,
        "select id, template_data from public.email_logs where user_id = %s"
        " and email_template = 'session_called_off'",
        leo.user_id,
    )
    assert list(email["template_data"]) == ["scheduled_time"]
    assert [due["id"] for due in answer["due"]] == [str(email["id"])]


@ENDS
def test_a_late_end_counts_as_a_late_cancellation(likes: Likes, pair: Pair, way: str) -> None:
    session_id = pair.session(timedelta(minutes=100))

    answer = ended_by(likes, way, pair.first, pair.second, pair.match_id)

    assert answer["changed_users"] == [str(pair.first.user_id)]
    assert pair.read(session_id)["user1_counts_as"] == "no_show"
    assert pair.read(session_id)["user2_counts_as"] is None


def test_a_block_costs_no_reputation(pair: Pair) -> None:
    session_id = pair.session(timedelta(minutes=100))

    end(pair, "block")

    assert pair.read(session_id)["status"] == "cancelled"
    assert pair.read(session_id)["user1_counts_as"] is None


def end(pair: Pair, reason: str) -> None:
    look(
        pair.url,
        "select private.end_match(pair, %s, %s) from public.wingman_matches as pair where id = %s",
        *(pair.first.user_id, reason, pair.match_id),
    )


@pytest.mark.parametrize("answer", ["confirm_session", "report_no_show"])
def test_an_end_erases_nothing_that_was_said_about_a_meeting(
    likes: Likes, pair: Pair, answer: str
) -> None:
    session_id = pair.session(-timedelta(minutes=20))
    pair.do(pair.second, answer, session_id)

    likes.unmatch(pair.first, pair.match_id)

    assert pair.read(session_id)["status"] == "scheduled"
    pair.do(pair.first, answer, session_id)
    assert pair.read(session_id)["status"] in {"scheduled", "completed"}


def test_an_end_closes_a_session_that_is_over_by_what_was_said(likes: Likes, pair: Pair) -> None:
    session_id = pair.session(-timedelta(hours=25))
    pair.do(pair.first, "confirm_session", session_id)

    answer = likes.unmatch(pair.second, pair.match_id)

    assert pair.read(session_id)["status"] == "completed"
    assert set(answer["changed_users"]) == {str(p.user_id) for p in (pair.first, pair.second)}
    assert "session_feedback" not in likes.emails(pair.first, "pending")


def test_no_session_is_planned_on_an_ended_match(likes: Likes, pair: Pair) -> None:
    likes.unmatch(pair.second, pair.match_id)

    refused = sqlstate(pair.url, pair.first, "create_session", **planned(pair.match_id))

    assert refused == ("WS002", "match_not_accepted")


def test_a_session_that_is_being_planned_is_cancelled(likes: Likes, pair: Pair) -> None:
    with acting_as(pair.url, pair.first) as planning:
        invoke(planning, "create_session", **planned(pair.match_id))
        overtaken(
            pair.url,
            planning,
            pair.second,
            lambda ending: invoke(ending, "unmatch", p_match_id=pair.match_id),
        )

    found = look(
        pair.url,
        "select status from public.wingman_sessions where match_id = %s",
        pair.match_id,
    )
    assert [row["status"] for row in found] == ["cancelled"]


def test_planning_waits_for_an_end_and_is_refused(pair: Pair) -> None:
    with acting_as(pair.url, pair.second) as ending:
        invoke(ending, "unmatch", p_match_id=pair.match_id)
        refused = overtaken(
            pair.url,
            ending,
            pair.first,
            lambda planning: invoke(planning, "create_session", **planned(pair.match_id)),
        )

    assert refused.sqlstate == "WS002"


def test_a_like_waits_for_an_end_and_is_refused(pair: Pair) -> None:
    with acting_as(pair.url, pair.second) as ending:
        invoke(ending, "unmatch", p_match_id=pair.match_id)
        refused = overtaken(
            pair.url, ending, pair.first, lambda second: liking(second, pair.second)
        )

    assert refused.diag.message_primary == "match_ended"


def test_an_invitation_waits_for_an_end_and_is_refused(url: str, likes: Likes) -> None:
    maya, leo = published(url), published(url)
    match = likes.matched(maya, leo)
    with acting_as(url, leo) as ending:
        invoke(ending, "unmatch", p_match_id=match["id"])
        refused = overtaken(
            url, ending, maya, lambda second: invoke(second, "request_match", **invitation(leo))
        )

    assert refused.diag.message_primary == "match_ended"


def test_both_end_the_match_at_once(url: str, likes: Likes, pair: Pair) -> None:
    pair.session()

    def ending(connection: Any) -> Any:
        return invoke(connection, "unmatch", p_match_id=pair.match_id)

    answers = race(url, [(pair.first, ending), (pair.second, ending)])

    called_off = [row["unmatch"]["due"] for rows in answers for row in rows]
    assert sorted(map(len, called_off)) == [0, 1]


def test_no_limit_of_emails_keeps_a_user_in_a_match(likes: Likes, pair: Pair) -> None:
    pair.session()
    look(pair.url, "update private.app_settings set max_daily_emails = 0")
    try:
        answer = likes.unmatch(pair.first, pair.match_id)
    finally:
        look(pair.url, "update private.app_settings set max_daily_emails = 30")

    assert len(answer["due"]) == 1


@pytest.mark.parametrize(("who", "status"), [("inviter", "withdrawn"), ("invitee", "declined")])
def test_a_block_closes_an_invitation_and_keeps_no_one_apart(
    url: str, likes: Likes, maya: Person, leo: Person, who: str, status: str
) -> None:
    match = call(url, maya, "request_match", **invitation(leo))["match"]
    pair = Pair(url, maya if who == "inviter" else leo, leo, match["id"])

    end(pair, "block")

    assert [row["status"] for row in likes.matches_of(maya)] == [status]
    assert likes.emails(leo, "pending") == []
    assert likes.matched(maya, leo)["status"] == "accepted"


def test_a_deletion_and_an_end_do_not_block_each_other(likes: Likes, pair: Pair) -> None:
    pair.session()
    with acting_as(pair.url, pair.first) as ending:
        invoke(ending, "unmatch", p_match_id=pair.match_id)
        overtaken(
            pair.url,
            ending,
            pair.second,
            lambda open_: open_.execute("reset role").execute(
                "delete from auth.users where id = %s", [pair.second.user_id]
            ),
        )

    assert likes.matches_of(pair.first) == []


# --- both origins elsewhere


def test_a_meeting_of_a_mutual_like_counts_for_both(pair: Pair) -> None:
    session_id = pair.session(-timedelta(hours=2))
    pair.do(pair.first, "confirm_session", session_id)
    answer = pair.do(pair.second, "confirm_session", session_id)

    assert answer["session"]["partner"]["name"] == "Rex"
    for person in (pair.first, pair.second):
        (totals,) = look(pair.url, "select private.reputation_totals(%s) as found", person.user_id)
        assert totals["found"]["completed_sessions"] == 1


def test_emails_about_a_meeting_name_the_profiles(pair: Pair) -> None:
    pair.plan()

    found = look(
        pair.url,
        "select template_data ->> 'partner_name' as name from public.email_logs"
        " where user_id = any(%s) and email_template = 'session_scheduled' order by name",
        [pair.first.user_id, pair.second.user_id],
    )

    assert [row["name"] for row in found] == ["Bella", "Rex"]


def test_a_mutual_like_is_no_invitation_of_the_digest(
    url: str, likes: Likes, maya: Person, leo: Person, match: Any
) -> None:
    ben = published(url, "Luna")
    call(url, ben, "request_match", **invitation(leo))

    (row,) = look(
        url,
        "select private.open_invitations(%s, now() + interval '1 second', now()) as found",
        leo.user_id,
    )

    assert [each["inviter_name"] for each in row["found"]["invitations"]] == ["Luna"]
    assert row["found"]["invitation_count"] == 1


@pytest.mark.parametrize("ended", [False, True])
def test_the_names_of_a_mutual_like_are_removed_from_questions(
    likes: Likes, pair: Pair, url: str, *, ended: bool
) -> None:
    if ended:
        likes.unmatch(pair.first, pair.match_id)

    for person, name in ((pair.first, "Bella"), (pair.second, "Rex")):
        context = call(url, person, "get_coach_context", p_challenge_id=None, p_session_id=None)
        assert name in context["names"]
