"""The limits in SQL hold when an attacker has the backend key and bypasses the API."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.support.api import Api, assert_problem
from tests.support.meetings import BEGINNER, in_days
from tests.support.people import People, Person

Call = Callable[..., httpx.Response]


@pytest.fixture
def rpc(stack: dict[str, str]) -> Iterator[Call]:
    """Call a database function directly, bypassing the API."""
    url = f"{stack['SUPABASE_URL']}/rest/v1/rpc"
    keys = {"apikey": stack["SUPABASE_PUBLISHABLE_KEY"], "x-backend-key": stack["BACKEND_KEY"]}
    with httpx.Client(base_url=url, headers=keys, timeout=30) as client:
        yield lambda person, function, **arguments: client.post(
            f"/{function}", json=arguments, headers=person.authorization
        )


@pytest.fixture
def planning(api: Api, people: People) -> tuple[Person, Person, str]:
    """Maya and Leo, and their accepted match."""
    maya, leo = people.pair()
    match_id = api.invited(maya, leo)
    assert api.answer(leo, match_id).status_code == 200
    return maya, leo, match_id


def emails_to(people: People, person: Person) -> int:
    statement = "select count(*) from public.email_logs where user_id = %s and due_at <= now()"
    [(found,)] = people.connection.execute(statement, [person.id]).fetchall()
    return int(found)


def test_150_plans_and_cancellations_send_a_few_emails(
    api: Api, people: People, rpc: Call, planning: tuple[Person, Person, str]
) -> None:
    maya, leo, match_id = planning
    plan = {"p_match_id": match_id, "p_venue_name": "Park", "p_scheduled_time": in_days(3)}
    before, codes = emails_to(people, leo), []
    for _ in range(150):
        planned = rpc(maya, "create_session", **plan)
        if planned.status_code == 200:
            session_id = planned.json()["session"]["id"]
            assert rpc(maya, "cancel_session", p_session_id=session_id).status_code == 200
        else:
            codes.append(planned.json()["code"])

    assert codes == ["WS011"] * 140
    assert emails_to(people, leo) - before == 20

    body = {"match_id": match_id, "venue_name": "Park", "scheduled_time": in_days(3)}
    refused = api.call("POST", "/api/sessions", maya, json=body)
    assert_problem(refused, 429, "daily_plan_limit")
    assert 0 < int(refused.headers["retry-after"]) <= 86400


def test_moving_a_meeting_back_and_forth_sends_a_few_emails(
    api: Api, people: People, rpc: Call, planning: tuple[Person, Person, str]
) -> None:
    maya, leo, match_id = planning
    plan = {"p_match_id": match_id, "p_venue_name": "Park", "p_scheduled_time": in_days(3)}
    session_id = rpc(maya, "create_session", **plan).json()["session"]["id"]
    before = emails_to(people, leo)
    move = {"p_session_id": session_id, "p_scheduled_time": None, "p_notes": None}
    answers = [
        rpc(maya, "update_session", **move, p_venue_name=f"{n}", p_changes=["venue_name"])
        for n in range(30)
    ]

    assert [answer.status_code for answer in answers] == [200] * 9 + [400] * 21
    assert emails_to(people, leo) - before == 9

    path = f"/api/sessions/{session_id}"
    refused = api.call("PATCH", path, maya, json={"venue_name": "Elsewhere"})
    assert_problem(refused, 429, "daily_plan_limit")


def test_attempts_at_challenges_end_at_a_hundred(api: Api, people: People, rpc: Call) -> None:
    maya = people.new()
    attempt = {
        "p_challenge_id": str(BEGINNER),
        "p_session_id": None,
        "p_outcome": "done",
        "p_reflection": "x" * 2000,
        "p_window_days": 7,
    }
    codes = [rpc(maya, "submit_challenge", **attempt).status_code for _ in range(110)]

    assert codes == [200] * 100 + [400] * 10
    path = f"/api/challenges/{BEGINNER}/submissions"
    refused = api.call("POST", path, maya, json={"outcome": "done"})
    assert_problem(refused, 429, "daily_submission_limit")
