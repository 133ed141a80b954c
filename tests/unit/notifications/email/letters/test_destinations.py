"""The pages and files to which an email leads."""

from local.emails.samples import CASES, MATCH, SESSION_ID
from tests.unit.notifications.email.letters.test_rendering import (
    EVERY_CASE,
    LINKS,
    READER,
    Page,
    rendered,
)
from wingman.notifications.email.letters.links import CalendarLink, FeedbackLink, read_calendar


@EVERY_CASE
def test_both_parts_link_to_their_topic(name: str) -> None:
    email = rendered(CASES[name])
    kind = name.partition("_")[0]
    path = {"session": f"/sessions/{SESSION_ID}", "match": f"/matches/{MATCH}"}.get(kind)
    path = "/sessions" if name == "session_called_off" else path
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
