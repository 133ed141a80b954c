"""A user's words cannot reorder another user's calendar, emails and pages.

Directional formatting characters are removed, and right-to-left words are isolated (UAX 9).
"""

import re
from datetime import timedelta
from uuid import UUID

from tests.support.api import Api
from tests.support.inbox import Inbox
from tests.support.meetings import meeting
from tests.support.people import People
from wingman.notifications.email.letters.links import (
    CalendarLink,
    FeedbackLink,
    sign_calendar,
    sign_feedback,
)

REORDERING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def test_a_calendar_file_has_no_mark_that_reorders_text(
    api: Api, people: People, stack: dict[str, str]
) -> None:
    planned = meeting(people, notes=f"{REORDERING}bring it")
    venue = f"Café {REORDERING}lartneC"
    path = f"/api/sessions/{planned.session_id}"
    changed = api.call("PATCH", path, planned.maya, json={"venue_name": venue})
    assert changed.status_code in {200, 422}

    link = CalendarLink(planned.leo.id, UUID(planned.session_id))
    token = sign_calendar(stack["EMAIL_LINK_SECRET"], link)
    for answer in (
        api.call("GET", f"{path}/calendar.ics", planned.leo),
        api.call("GET", f"/email/calendar.ics?token={token}"),
    ):
        assert answer.status_code == 200
        assert not set(REORDERING) & set(answer.text)


RIGHT_TO_LEFT = re.compile("[\u05d0-\u05ea]+")
ISOLATED = re.compile("\u2068[^\u2068\u2069]*\u2069")


def assert_isolated(text: str, word: str) -> None:
    assert word in text
    assert RIGHT_TO_LEFT.findall(ISOLATED.sub("", text)) == []


def test_words_from_right_to_left_are_isolated_in_an_email(
    api: Api, people: People, inbox: Inbox
) -> None:
    yossi, leo = people.new("\u05d9\u05d5\u05e1\u05d9"), people.new("Leo")

    api.invited(yossi, leo, venue_suggestion="\u05e7\u05e4\u05d4 123")

    [email] = inbox.wait_for(leo, 1)
    for part in ("subject", "html", "text"):
        assert_isolated(email[part], yossi.first_name)


def test_words_from_right_to_left_are_isolated_on_a_page(
    api: Api, people: People, stack: dict[str, str]
) -> None:
    over = meeting(people, timedelta(hours=-3), status="completed")
    name = "\u05d9\u05d5\u05e1\u05d9"
    people.connection.execute(
        "update public.user_profiles set first_name = %s where id = %s", (name, over.leo.id)
    )
    link = FeedbackLink(over.maya.id, UUID(over.session_id))

    token = sign_feedback(stack["EMAIL_LINK_SECRET"], link)

    assert_isolated(api.call("GET", f"/email/feedback?token={token}").text, name)
