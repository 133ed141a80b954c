"""Attacks on reputation: destroying that of another user, and farming one's own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.api import Api, assert_problem
from tests.support.meetings import Meeting, match, meeting
from tests.support.people import People, Person

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def ahead(time: timedelta) -> str:
    return (datetime.now(UTC) + time).isoformat()


def plan(api: Api, person: Person, match_id: str, time: timedelta) -> Any:
    body = {"match_id": match_id, "venue_name": "Café", "scheduled_time": ahead(time)}
    return api.call("POST", "/api/sessions", person, json=body)


def step(api: Api, person: Person, session_id: str, name: str) -> Any:
    return api.call("POST", f"/api/sessions/{session_id}/{name}", person)


def reputation(api: Api, person: Person) -> dict[str, Any]:
    answer = api.call("GET", f"/api/user/reputation/{person.id}", person)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("time", [MINUTE, 14 * MINUTE])
def test_a_meeting_cannot_be_planned_or_moved_to_the_next_minutes(
    api: Api, people: People, time: timedelta
) -> None:
    planned = meeting(people)
    maya, leo = people.pair()
    path = f"/api/sessions/{planned.session_id}"

    moved = api.call("PATCH", path, planned.maya, json={"scheduled_time": ahead(time)})

    for refused in (plan(api, maya, match(people, maya, leo), time), moved):
        problem = assert_problem(refused, 422, "invalid_request")
        assert "15 minutes" in problem["errors"][0]["message"]


@pytest.mark.parametrize("moved", [False, True])
def test_a_plan_at_short_notice_does_not_harm_the_other_user(
    api: Api, people: People, moved: bool
) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    soon = timedelta(minutes=16)
    session_id = plan(api, maya, match_id, timedelta(days=3) if moved else soon).json()["id"]
    if moved:
        body = {"scheduled_time": ahead(soon)}
        assert api.call("PATCH", f"/api/sessions/{session_id}", maya, json=body).status_code == 200

    cancelled = step(api, leo, session_id, "cancel").json()

    assert (cancelled["status"], cancelled["no_show_user_ids"]) == ("cancelled", [])
    assert reputation(api, leo)["score"] == 0


def test_a_report_after_a_plan_at_short_notice_does_not_count(api: Api, people: People) -> None:
    maya, leo = people.pair()
    session_id = plan(api, maya, match(people, maya, leo), timedelta(minutes=16)).json()["id"]
    Meeting(people, maya, leo, "", session_id).starts_in(-25 * HOUR)
    people.connection.execute(
        "update public.wingman_sessions set status = 'expired' where id = %s", (session_id,)
    )

    reported = step(api, maya, session_id, "no-show").json()

    assert (reported["status"], reported["no_show_user_ids"]) == ("no_show", [str(leo.id)])
    assert reputation(api, leo)["no_shows"] == 0


def test_a_user_cannot_move_a_meeting_to_cancel_it_freely(api: Api, people: People) -> None:
    planned = meeting(people)
    planned.starts_in(HOUR)
    body = {"scheduled_time": ahead(HOUR + MINUTE)}
    path = f"/api/sessions/{planned.session_id}"
    assert api.call("PATCH", path, planned.maya, json=body).status_code == 200

    step(api, planned.maya, planned.session_id, "cancel")

    assert reputation(api, planned.maya)["no_shows"] == 1


def test_two_accounts_gain_one_point_a_day(api: Api, people: People) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    start = datetime.now(UTC) - HOUR
    for _ in range(3):
        session_id = plan(api, maya, match_id, HOUR).json()["id"]
        assert step(api, maya, session_id, "confirm").status_code == 409
        people.connection.execute(
            "update public.wingman_sessions set scheduled_time = %s where id = %s",
            (start, session_id),
        )
        for person in (maya, leo):
            answer = step(api, person, session_id, "confirm")
            assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "completed"

    for person in (maya, leo):
        assert reputation(api, person)["completed_sessions"] == 1
