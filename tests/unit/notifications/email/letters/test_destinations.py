"""The pages and files that an email links to."""

import pytest

from local.emails.kinds import kinds
from local.emails.samples import CASES, MATCH, SESSION_ID
from tests.unit.notifications.email.letters.test_rendering import (
    EVERY_CASE,
    LINKS,
    READER,
    Page,
    rendered,
)
from wingman.notifications.email.letters.links import CalendarLink, FeedbackLink, read_calendar

ABOUT_ACCOUNTS = [name for name, case in CASES.items() if not kinds()[case.template].category]
_TOKEN = "token=7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0"
CONFIRMED = {
    "signup_confirmation": f"confirm?{_TOKEN}&type=signup",
    "account_invitation": f"confirm?{_TOKEN}&type=signup",
    "sign_in_link": f"confirm?{_TOKEN}&type=magic_link",
    "password_reset": f"password/reset?{_TOKEN}",
    "email_change": f"confirm?{_TOKEN}&type=email_change",
}


@pytest.mark.parametrize("name", ABOUT_ACCOUNTS)
def test_an_email_about_an_account_leads_to_the_page_that_confirms(name: str) -> None:
    content, email = CASES[name], rendered(CASES[name])

    path = CONFIRMED.get(content.template)

    url = f"https://api.wingman.example/auth/{path}" if path else "https://app.wingman.example/"
    assert set(Page(email.html).links) == {
        *(url, "https://app.wingman.example", "https://wingman.example/help")
    }
    assert f"{url}\n" in email.text


@pytest.mark.parametrize("name", [name for name in CASES if name not in ABOUT_ACCOUNTS])
def test_both_parts_link_to_their_topic(name: str) -> None:
    email = rendered(CASES[name])
    kind = name.removeprefix("new_").partition("_")[0]
    path = {"session": f"/sessions/{SESSION_ID}", "match": f"/matches/{MATCH}"}.get(kind)
    path = "/sessions" if name == "session_called_off" else path
    path = f"/conversations/{MATCH}" if name in {"message", "unread_messages"} else path
    path = path or ("/sessions" if name.endswith("bare") else "/matches")

    url = f"https://app.wingman.example{path}"
    if name == "session_feedback":
        url = LINKS.feedback(FeedbackLink(READER, SESSION_ID))
    assert url in Page(email.html).links
    assert f"{url}\n" in email.text


@EVERY_CASE
def test_a_plan_links_to_a_calendar_file_of_its_reader(name: str) -> None:
    email = rendered(CASES[name])
    [*found] = [link for link in Page(email.html).links if "calendar.ics" in link]
    planned = name.startswith(("session_scheduled", "session_rescheduled", "session_reminder"))

    assert len(found) == planned
    for url in found:
        link = CalendarLink(READER, SESSION_ID)
        assert read_calendar((LINKS.secret,), url.partition("?token=")[2]) == link
        assert f":\n{url}\n" in email.text
