"""A user's words reorder the text of the other user's calendar: the marks for that are removed."""

from uuid import UUID

from tests.support.api import Api
from tests.support.meetings import meeting
from tests.support.people import People
from wingman.notifications.email.letters.links import CalendarLink, sign_calendar

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
