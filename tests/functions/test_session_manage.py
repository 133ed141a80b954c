import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import icalendar
import pytest

from tests.support.functions import Function
from tests.support.meetings import Meeting, in_days, meeting
from tests.support.people import People, Person

Load = Callable[..., Function]

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ACTIONS = ("cancel", "confirm", "no_show")


def act(
    app: Function, case: str, person: Person, session_id: str, body: Any = None, **values: str
) -> tuple[int, Any]:
    """Call as a person; `body` replaces the body of the sample event."""
    values = {"scheduled_time": in_days(5)} | values
    event = app.event(case, access_token=person.token, session_id=session_id, **values)
    if body is not None:
        event["body"] = json.dumps(body)
    answer = app.invoke(event)
    return answer["statusCode"], json.loads(answer["body"])


def test_only_the_two_users_see_their_session(function: Load, people: People) -> None:
    planned, app = meeting(people), function("session_manage")
    for person in planned.both:
        status, session = act(app, "get", person, planned.session_id)
        assert (status, session["id"]) == (200, planned.session_id)
        status, page = act(app, "list", person, planned.session_id)
        assert [one["id"] for one in page["sessions"]] == [planned.session_id]
    stranger = people.new()
    for case in ("get", "reschedule", "notes", *ACTIONS, "calendar"):
        status, problem = act(app, case, stranger, planned.session_id)
        assert (status, problem["code"]) == (404, "not_found")


def test_an_upper_case_id_names_the_same_session(function: Load, people: People) -> None:
    planned, app = meeting(people), function("session_manage")
    status, session = act(app, "get", planned.leo, planned.session_id.upper())
    assert (status, session["id"]) == (200, planned.session_id)


@pytest.mark.parametrize("case", ["get", "reschedule", *ACTIONS, "calendar"])
def test_a_malformed_id_is_a_422(function: Load, people: People, case: str) -> None:
    status, problem = act(function("session_manage"), case, people.new(), "nope")
    assert (status, problem["errors"][0]["field"]) == (422, "session_id")


def test_lists_have_pages_and_know_the_current_status(function: Load, people: People) -> None:
    app = function("session_manage", ENABLE_RATE_LIMITING="false")
    planned = meeting(people)
    made = [planned.session_id]
    for status in ("cancelled", "expired", "completed"):
        row = people.connection.execute(
            "insert into public.wingman_sessions (match_id, venue_name, scheduled_time, status)"
            " values (%s, 'Park', now() - interval '3 days', %s) returning id",
            (planned.match_id, status),
        ).fetchone()
        assert row is not None
        made.append(str(row[0]))
    planned.starts_in(-HOUR)

    def page(query: str) -> Any:
        event = app.event("list", access_token=planned.leo.token)
        event["rawQueryString"] = query
        return json.loads(app.invoke(event)["body"])

    first = page("limit=3")
    second = page(f"limit=3&cursor={first['next_cursor']}")
    seen = [session["id"] for part in (first, second) for session in part["sessions"]]
    assert seen == list(reversed(made))
    assert second["next_cursor"] is None
    assert [one["id"] for one in page("status=in_progress")["sessions"]] == [planned.session_id]
    assert page("status=scheduled")["sessions"] == []
    assert page("status=soon")["code"] == page("limit=101")["code"] == "invalid_request"


def test_a_session_can_be_rescheduled(function: Load, people: People) -> None:
    planned, app, when = meeting(people), function("session_manage"), in_days(5)
    status, session = act(app, "reschedule", planned.leo, planned.session_id, scheduled_time=when)
    assert (status, session["venue_name"]) == (200, "Stadtpark, main gate")
    assert datetime.fromisoformat(session["scheduled_time"]) == datetime.fromisoformat(when)
    assert planned.stored("sequence") == 1


def test_notes_can_change_after_the_start(function: Load, people: People) -> None:
    planned, app = meeting(people, notes="old"), function("session_manage")
    planned.starts_in(-HOUR)
    _, session = act(app, "notes", planned.maya, planned.session_id)
    assert (session["notes"], session["venue_name"]) == ("Bring a pen.", "Café Central")
    _, session = act(app, "notes", planned.maya, planned.session_id, {"notes": None})
    assert session["notes"] is None
    assert planned.stored("sequence") == 0


def test_changes_that_send_emails_are_limited_per_user(function: Load, people: People) -> None:
    planned, app = meeting(people), function("session_manage")

    def move(days: int, person: Person = planned.maya) -> tuple[int, Any]:
        return act(app, "notes", person, planned.session_id, {"scheduled_time": in_days(days)})

    assert [move(days)[0] for days in (4, 5, 6)] == [200] * 3
    status, problem = move(7)
    assert (status, problem["code"]) == (429, "rate_limited")
    assert act(app, "notes", planned.maya, planned.session_id)[0] == 200
    assert move(7, planned.leo)[0] == 200


def test_a_meeting_that_has_begun_cannot_be_moved(function: Load, people: People) -> None:
    planned, app = meeting(people), function("session_manage")
    planned.starts_in(-MINUTE)
    status, problem = act(app, "reschedule", planned.maya, planned.session_id)
    assert (status, problem["code"]) == (409, "session_not_open")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"venue_name": None},
        {"venue_name": ""},
        {"scheduled_time": None},
        {"scheduled_time": "2026-12-05T18:30:00"},
        {"scheduled_time": in_days(-1)},
        {"scheduled_time": in_days(367)},
        {"scheduled_time": "9999-12-31T23:59:59-23:59"},
        {"notes": "N" * 5000},
        {"status": "completed"},
        [],
    ],
)
def test_an_invalid_change_is_a_422(function: Load, people: People, body: object) -> None:
    planned, app = meeting(people), function("session_manage")
    status, problem = act(app, "notes", planned.maya, planned.session_id, body)
    assert (status, problem["code"]) == (422, "invalid_request")
    assert problem["errors"]


def test_an_early_cancellation_is_not_a_no_show(function: Load, people: People) -> None:
    planned, app = meeting(people), function("session_manage")
    status, session = act(app, "cancel", planned.leo, planned.session_id)
    assert (status, session["status"]) == (200, "cancelled")
    assert session["cancelled_by"] == str(planned.leo.id)
    assert session["cancel_reason"] == "I caught a cold."
    assert session["no_show_user_ids"] == []


def test_a_reason_to_cancel_is_optional_and_has_at_most_500_characters(
    function: Load, people: People
) -> None:
    app = function("session_manage")
    planned = meeting(people)
    event = app.event("cancel", access_token=planned.leo.token, session_id=planned.session_id)
    del event["body"]
    assert json.loads(app.invoke(event)["body"])["cancel_reason"] is None
    for length, expected in ((500, 200), (501, 422)):
        planned = meeting(people)
        status, _ = act(app, "cancel", planned.leo, planned.session_id, {"reason": "R" * length})
        assert status == expected


def test_a_late_cancellation_is_a_no_show(function: Load, people: People) -> None:
    planned, app = meeting(people), function("session_manage")
    planned.starts_in(HOUR)
    _, session = act(app, "cancel", planned.leo, planned.session_id)
    assert session["no_show_user_ids"] == [str(planned.leo.id)]


def test_a_session_cannot_be_confirmed_before_its_start(function: Load, people: People) -> None:
    planned, app = meeting(people, MINUTE), function("session_manage")
    status, problem = act(app, "confirm", planned.maya, planned.session_id)
    assert (status, problem["code"]) == (409, "session_not_started")


def test_two_confirmations_complete_a_session(function: Load, people: People) -> None:
    planned, app = meeting(people, -HOUR), function("session_manage")
    for _ in range(2):
        status, session = act(app, "confirm", planned.maya, planned.session_id)
        assert (status, session["status"]) == (200, "in_progress")
        assert session["user2_completed_confirmed_by_user1"] is True
        assert session["user1_completed_confirmed_by_user2"] is False
    status, session = act(app, "confirm", planned.leo, planned.session_id)
    assert (status, session["status"]) == (200, "completed")
    assert session["completed_at"].endswith("Z")


def test_a_no_show_is_reported_after_a_quarter_of_an_hour(function: Load, people: People) -> None:
    planned, app = meeting(people, -14 * MINUTE), function("session_manage")
    status, problem = act(app, "no_show", planned.maya, planned.session_id)
    assert (status, problem["code"]) == (409, "no_show_too_early")
    planned.starts_in(-16 * MINUTE)
    status, session = act(app, "no_show", planned.maya, planned.session_id)
    assert (status, session["no_show_user_ids"]) == (200, [str(planned.leo.id)])
    planned.starts_in(-timedelta(days=7, minutes=1))
    status, problem = act(app, "no_show", planned.leo, planned.session_id)
    assert (status, problem["code"]) == (409, "no_show_too_late")


def test_a_confirmed_session_can_be_neither_reported_nor_cancelled(
    function: Load, people: People
) -> None:
    planned, app = meeting(people, -HOUR), function("session_manage")
    act(app, "confirm", planned.maya, planned.session_id)
    for case, person in (("no_show", planned.maya), ("cancel", planned.leo)):
        status, problem = act(app, case, person, planned.session_id)
        assert (status, problem["code"]) == (409, "session_already_answered")


@pytest.mark.parametrize("case", ["reschedule", "notes", *ACTIONS])
def test_a_cancelled_session_stays_as_it_is(function: Load, people: People, case: str) -> None:
    planned, app = meeting(people), function("session_manage")
    act(app, "cancel", planned.leo, planned.session_id)
    planned.starts_in(-HOUR)
    status, problem = act(app, case, planned.maya, planned.session_id)
    assert (status, problem["code"]) == (409, "session_not_open")


def event_of(app: Function, planned: Meeting) -> Any:
    """Fetch the calendar file as Maya, and read it with a calendar library."""
    values = {"access_token": planned.maya.token, "session_id": planned.session_id}
    status, text, headers = app.call("calendar", **values)
    assert (status, headers["content-type"]) == (
        200,
        "text/calendar; method=PUBLISH; charset=utf-8",
    )
    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return event


def test_a_calendar_follows_the_session(function: Load, people: People) -> None:
    planned, app = meeting(people, notes="Red scarf; blue hat"), function("session_manage")
    first = event_of(app, planned)
    assert first["UID"] == planned.session_id
    assert first["SUMMARY"] == "Meeting Leo"
    assert first["LOCATION"] == "Café Central"
    assert first["DESCRIPTION"] == "Red scarf; blue hat"
    assert (first["STATUS"], first["SEQUENCE"]) == ("CONFIRMED", 0)
    assert str(first["DTSTART"].dt.tzinfo) == "UTC"

    when = in_days(9)
    act(app, "reschedule", planned.leo, planned.session_id, scheduled_time=when)
    moved = event_of(app, planned)
    assert moved["UID"] == first["UID"]
    assert moved["SEQUENCE"] == 1
    at = datetime.fromisoformat(when).replace(microsecond=0)
    assert moved["DTSTART"].dt == at

    act(app, "cancel", planned.leo, planned.session_id)
    off = event_of(app, planned)
    assert (off["UID"], off["STATUS"], off["SEQUENCE"]) == (first["UID"], "CANCELLED", 2)


def test_an_unknown_session_is_a_404(function: Load, people: People) -> None:
    app, person = function("session_manage"), people.new()
    for case in ("get", "reschedule", "notes", *ACTIONS, "calendar"):
        status, problem = act(app, case, person, str(uuid4()))
        assert (status, problem["code"]) == (404, "not_found")


def test_completing_makes_four_calls(function: Load, people: People, calls: list[str]) -> None:
    """The calls go to Redis (limits), the database, Redis (drop the cache) and the queue."""
    app = function("session_manage")
    for _ in range(2):
        planned = meeting(people, -HOUR)
        act(app, "confirm", planned.maya, planned.session_id)
        calls.clear()
        act(app, "confirm", planned.leo, planned.session_id)
    assert calls == ["POST /", "POST /rest/v1/rpc/confirm_session", "POST /", "POST /"]


def test_requests_without_a_token_are_refused(function: Load) -> None:
    app = function("session_manage")
    for case in ("list", "get", "reschedule", *ACTIONS, "calendar"):
        event = app.event(case, session_id=str(uuid4()))
        del event["headers"]["authorization"]
        assert app.invoke(event)["statusCode"] == 401


def test_a_wrong_method_names_the_methods_of_both_functions(function: Load, people: People) -> None:
    app = function("session_manage")
    event = app.event("list", access_token=people.new().token)
    event["requestContext"]["http"]["method"] = "DELETE"
    answer = app.invoke(event)
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "GET, HEAD, POST")
