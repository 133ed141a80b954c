import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar

from tests.support.functions import Function
from tests.support.meetings import Meeting, meeting
from tests.support.people import People, Person
from wingman.notifications.email.letters.links import CalendarLink, Link, sign, sign_calendar
from wingman.notifications.email.models import Category

Load = Callable[..., Function]


@pytest.fixture
def planned(people: People) -> Meeting:
    return meeting(people, notes="The code of the door is 4711")


@pytest.fixture
def token(stack: dict[str, str]) -> Callable[[Person, Meeting], str]:
    def write(person: Person, planned: Meeting) -> str:
        link = CalendarLink(person.id, UUID(planned.session_id))
        return sign_calendar(stack["EMAIL_LINK_SECRET"], link)

    return write


Write = Callable[[Person, Meeting], str]


def follow(function: Load, token: str, **changes: Any) -> tuple[int, str, dict[str, str]]:
    app = function("session_calendar")
    event = app.event("open", token=token)
    event["requestContext"]["http"]["method"] = changes.pop("method", "GET")
    event["headers"] |= changes
    answer = app.invoke(event)
    return answer["statusCode"], answer["body"], answer["headers"]


def test_the_calendar_link_of_an_email_works_without_a_login(
    function: Load, planned: Meeting, token: Write
) -> None:
    for reader, partner in ((planned.maya, "Leo"), (planned.leo, "Maya")):
        status, body, headers = follow(function, token(reader, planned))

        assert status == 200
        assert headers["content-type"].startswith("text/calendar; method=PUBLISH;")
        assert headers["cache-control"] == "no-store"
        [event] = Calendar.from_ical(body).walk("VEVENT")
        assert str(event["uid"]) == planned.session_id
        assert str(event["summary"]) == f"Meeting {partner}"
        assert str(event["location"]) == "Café Central"
        assert "4711" not in body


def test_an_old_link_shows_the_plan_as_it_is_now(
    function: Load, planned: Meeting, token: Write
) -> None:
    planned.people.connection.execute(
        "update public.wingman_sessions set status = 'cancelled', sequence = 3 where id = %s",
        (planned.session_id,),
    )

    [event] = Calendar.from_ical(follow(function, token(planned.maya, planned))[1]).walk("VEVENT")

    assert (str(event["status"]), event["sequence"]) == ("CANCELLED", 3)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_following_the_link_changes_nothing(
    function: Load, planned: Meeting, token: Write, method: str
) -> None:
    before = planned.stored("row(xmin, ctid)::text")

    status, body, _ = follow(function, token(planned.maya, planned), method=method)

    assert status == 200
    assert (method == "HEAD") == (body == "")
    assert planned.stored("row(xmin, ctid)::text") == before


def forgeries(own: str, other: str, stack: dict[str, str], person: Person) -> dict[str, str]:
    return {
        "missing": "",
        "cut": own[:-1],
        "longer": own + "A",
        "other reader": own[:22] + other[22:],
        "other secret": sign_calendar(
            "another secret, long enough", CalendarLink(person.id, UUID(int=1))
        ),
        "preference link": sign(
            stack["EMAIL_LINK_SECRET"], Link(person.id, Category.SESSION_REMINDERS)
        ),
        "huge": "A" * 5000,
    }


def test_a_forged_token_is_a_400(
    function: Load, stack: dict[str, str], planned: Meeting, token: Write
) -> None:
    own, other = token(planned.maya, planned), token(planned.leo, planned)
    for kind, forged in forgeries(own, other, stack, planned.maya).items():
        status, body, _ = follow(function, forged, accept="*/*")
        assert (status, json.loads(body)["code"]) == (400, "invalid_token"), kind

        status, body, headers = follow(function, forged)
        assert status == 400, kind
        assert headers["content-type"].startswith("text/html")
        assert "not valid" in body


def test_a_calendar_token_does_not_open_preferences(
    function: Load, planned: Meeting, token: Write
) -> None:
    app = function("email_unsubscribe")
    own = token(planned.maya, planned)

    for case in ("ask", "one_click", "show_preferences"):
        assert app.call(case, token=own)[0] == 400


def test_an_outage_shows_a_page_and_is_logged(
    function: Load, planned: Meeting, token: Write, caplog: pytest.LogCaptureFixture
) -> None:
    app = function("session_calendar", SUPABASE_URL="http://127.0.0.1:9")

    status, _, headers = app.call("open", token=token(planned.maya, planned))

    assert (status, headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert headers["retry-after"] == "5"
    assert "http.failed" in caplog.messages


def test_a_session_of_others_or_of_the_past_is_a_404(
    function: Load, people: People, planned: Meeting, token: Write
) -> None:
    assert follow(function, token(people.new(), planned))[0] == 404

    planned.starts_in(timedelta(hours=-23))
    assert follow(function, token(planned.maya, planned))[0] == 200
    planned.starts_in(timedelta(hours=-25))
    assert follow(function, token(planned.maya, planned))[0] == 404
