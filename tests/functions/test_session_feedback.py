import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.meetings import Meeting, meeting
from tests.support.people import People, Person

Load = Callable[..., Function]


@pytest.fixture
def over(people: People) -> Meeting:
    return meeting(people, timedelta(hours=-3), status="completed")


def give(function: Load, person: Person, session_id: str, body: object) -> tuple[int, Any, Any]:
    app = function("session_feedback")
    event = app.event("give", access_token=person.token, session_id=session_id)
    answer = app.invoke(event | {"body": json.dumps(body)})
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def read(function: Load, person: Person, session_id: str) -> tuple[int, Any]:
    values = {"access_token": person.token, "session_id": session_id}
    status, body, _ = function("session_feedback").call("get", **values)
    return status, body


def test_each_user_gives_feedback_that_only_they_read(function: Load, over: Meeting) -> None:
    status, given, headers = give(function, over.maya, over.session_id, {"rating": 4})

    assert (status, headers["location"]) == (201, f"/api/sessions/{over.session_id}/feedback")
    assert given.pop("created_at").endswith("Z")
    assert given == {"session_id": over.session_id, "rating": 4, "text": None}
    assert read(function, over.leo, over.session_id)[0] == 404
    body = {"text": "We\nlaughed."}
    assert give(function, over.leo, over.session_id, body)[1]["text"] == "We\nlaughed."
    assert read(function, over.maya, over.session_id)[1]["rating"] == 4


def test_the_same_feedback_again_is_a_200_and_another_a_conflict(
    function: Load, over: Meeting
) -> None:
    body = {"rating": 5, "text": "Great."}
    _, given, _ = give(function, over.maya, over.session_id, body)

    status, again, headers = give(function, over.maya, over.session_id, body)
    assert (status, again, headers["idempotent-replayed"]) == (200, given, "true")

    for other in ({"rating": 4, "text": "Great."}, {"rating": 5}):
        status, problem, _ = give(function, over.maya, over.session_id, other)
        assert (status, problem["code"]) == (409, "feedback_already_given")


@pytest.mark.parametrize("status", ["scheduled", "cancelled"])
def test_feedback_waits_until_the_session_is_over(
    function: Load, people: People, status: str
) -> None:
    open_one = meeting(people, timedelta(hours=-3), status=status)

    answer, problem, _ = give(function, open_one.maya, open_one.session_id, {"rating": 5})

    assert (answer, problem["code"]) == (409, "session_not_over")


def test_a_stranger_finds_no_session(function: Load, people: People, over: Meeting) -> None:
    for session_id in (over.session_id, str(uuid4())):
        status, problem, _ = give(function, people.new(), session_id, {"rating": 5})
        assert (status, problem["code"]) == (404, "not_found")
        assert read(function, people.new(), session_id)[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"rating": None}, {"rating": 0}, {"rating": 6}, {"rating": 4.5}, {"text": ""}),
        *({"text": " "}, {"text": "x" * 2001}, {"text": "a\u0000b"}, {"rating": 5, "to": "Leo"}),
    ],
)
def test_invalid_feedback_is_a_422(function: Load, over: Meeting, body: object) -> None:
    status, problem, _ = give(function, over.maya, over.session_id, body)

    assert (status, problem["code"]) == (422, "invalid_request")


def test_feedback_is_exported_and_erased(function: Load, over: Meeting) -> None:
    give(function, over.maya, over.session_id, {"rating": 2, "text": "He was late."})
    preferences = function("email_preferences")
    values = {"access_token": over.maya.token, "user_id": str(over.maya.id)}

    [exported] = preferences.call("export", **values)[1]["feedback"]
    assert (exported["rating"], exported["text"]) == (2, "He was late.")

    event = preferences.event("erase", **values)
    assert preferences.invoke(event)["statusCode"] == 204
    assert read(function, over.maya, over.session_id)[0] == 404


def test_feedback_goes_with_the_account(function: Load, people: People, over: Meeting) -> None:
    give(function, over.maya, over.session_id, {"rating": 2})

    people.remove(over.maya)

    left = people.connection.execute(
        "select count(*) from public.meeting_feedback where user_id = %s", (over.maya.id,)
    ).fetchone()
    assert left == (0,)
