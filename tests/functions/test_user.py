import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.functions import Function
from tests.support.people import People, Person

Load = Callable[..., Function]


def read(app: Function, person: Person) -> Any:
    status, user, _ = app.call("get", access_token=person.token)
    assert status == 200
    return user


def change(app: Function, person: Person, body: object) -> tuple[int, Any]:
    event = app.event("change", access_token=person.token)
    answer = app.invoke(event | {"body": json.dumps(body)})
    return answer["statusCode"], json.loads(answer["body"])


def test_a_user_reads_their_names_and_timezone(function: Load, people: People) -> None:
    maya = people.new("Maya")

    user = read(function("user"), maya)

    assert user.pop("created_at").endswith("Z")
    assert user == {
        "id": str(maya.id),
        "first_name": "Maya",
        "last_name": None,
        "timezone": "UTC",
    }


def test_a_change_leaves_the_other_fields(function: Load, people: People) -> None:
    maya, app = people.new("Maya"), function("user")

    status, user, _ = app.call("change", access_token=maya.token)

    assert status == 200
    names = (user["first_name"], user["last_name"], user["timezone"])
    assert names == ("Maya", "López", "Europe/Berlin")
    assert change(app, maya, {"first_name": " Ana "})[1] == user | {"first_name": "Ana"}
    assert change(app, maya, {"last_name": None})[1]["last_name"] is None
    assert read(app, maya) == user | {"first_name": "Ana", "last_name": None}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"first_name": ""}, "first_name"),
        ({"first_name": " "}, "first_name"),
        ({"first_name": "\u3164"}, "first_name"),
        ({"first_name": "..."}, "first_name"),
        ({"first_name": "x" * 101}, "first_name"),
        ({"first_name": "evil.com"}, "first_name"),
        ({"last_name": "a\nb"}, "last_name"),
        ({"last_name": "L\u043epez"}, "last_name"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"email": "maya@example.com"}, "email"),
        ({"first_name": None}, "first_name"),
        ({"timezone": None}, "timezone"),
        ({}, "body"),
    ],
)
def test_an_invalid_change_is_a_422_that_names_the_field(
    function: Load, people: People, body: object, field: str
) -> None:
    maya, app = people.new("Maya"), function("user")

    status, problem = change(app, maya, body)

    assert (status, problem["code"]) == (422, "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert read(app, maya)["first_name"] == "Maya"


def test_a_token_is_required(function: Load) -> None:
    status, problem, _ = function("user").call("get", access_token="")

    assert (status, problem["code"]) == (401, "unauthenticated")


def test_a_partner_is_shown_with_their_current_name(function: Load, people: People) -> None:
    maya, leo = people.pair()
    invited = function("match_request").call(
        "create", access_token=maya.token, invitee_id=str(leo.id), idempotency_key=str(maya.id)
    )[1]
    assert invited["partner"] == {"user_id": str(leo.id), "name": "Leo", "photo_url": None}

    change(function("user"), maya, {"first_name": "Ana"})

    matches = function("match_request").call("list", access_token=leo.token)[1]["matches"]
    assert [match["partner"]["name"] for match in matches] == ["Ana"]
