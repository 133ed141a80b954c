"""Matches of mutual likes in features that began with invitations: meetings, digests, coaching."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.database import (
    Person,
    call,
    invitation,
    look,
)
from tests.integration.liking import Likes, published
from tests.integration.meetings import Pair


def test_a_meeting_of_a_mutual_like_counts_for_both(couple: Pair) -> None:
    session_id = couple.session(-timedelta(hours=2))
    couple.do(couple.first, "confirm_session", session_id)
    answer = couple.do(couple.second, "confirm_session", session_id)

    assert answer["session"]["partner"]["name"] == "Rex"
    for person in (couple.first, couple.second):
        (totals,) = look(
            couple.url, "select private.reputation_totals(%s) as found", person.user_id
        )
        assert totals["found"]["completed_sessions"] == 1


def test_emails_about_a_meeting_name_the_profiles(couple: Pair) -> None:
    couple.plan()

    found = look(
        couple.url,
        "select template_data ->> 'partner_name' as name from public.email_logs"
        " where user_id = any(%s) and email_template = 'session_scheduled' order by name",
        [couple.first.user_id, couple.second.user_id],
    )

    assert [row["name"] for row in found] == ["Bella", "Rex"]


def test_a_mutual_like_is_no_invitation_of_the_digest(
    url: str, likes: Likes, rex: Person, bella: Person, mutual: Any
) -> None:
    ben = published(url, "Luna")
    call(url, ben, "request_match", **invitation(bella))

    (row,) = look(
        url,
        "select private.open_invitations(%s, now() + interval '1 second', now()) as found",
        bella.user_id,
    )

    assert [each["inviter_name"] for each in row["found"]["invitations"]] == ["Luna"]
    assert row["found"]["invitation_count"] == 1


@pytest.mark.parametrize("ended", [False, True])
def test_the_names_of_a_mutual_like_are_removed_from_questions(
    likes: Likes, couple: Pair, url: str, *, ended: bool
) -> None:
    if ended:
        likes.unmatch(couple.first, couple.match_id)

    for person, name in ((couple.first, "Bella"), (couple.second, "Rex")):
        context = call(url, person, "get_coach_context", p_challenge_id=None, p_session_id=None)
        assert name in context["names"]
