from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.people import People, Person

Load = Callable[..., Function]


def invited(function: Load, people: People) -> tuple[Person, Person, str]:
    maya, leo = people.pair()
    values = {"invitee_id": str(leo.id), "idempotency_key": str(uuid4())}
    _, match, _ = function("match_request").call("create", access_token=maya.token, **values)
    return maya, leo, match["id"]


def respond(app: Function, case: str, person: Person, match_id: str) -> tuple[int, Any]:
    status, body, _ = app.call(case, access_token=person.token, match_id=match_id)
    return status, body


@pytest.mark.parametrize(("case", "then"), [("accept", "accepted"), ("decline", "declined")])
def test_the_same_answer_again_changes_nothing(
    function: Load, people: People, case: str, then: str
) -> None:
    _, leo, match_id = invited(function, people)
    app = function("match_respond")
    status, match = respond(app, case, leo, match_id)
    assert (status, match["status"]) == (200, then)
    assert match["responded_at"].endswith("Z")
    assert respond(app, case, leo, match_id) == (200, match)


def test_the_other_answer_afterwards_is_a_conflict(function: Load, people: People) -> None:
    _, leo, match_id = invited(function, people)
    app = function("match_respond")
    respond(app, "accept", leo, match_id)
    status, problem = respond(app, "decline", leo, match_id)
    assert (status, problem["code"]) == (409, "match_already_answered")


def test_the_initiator_cannot_answer(function: Load, people: People) -> None:
    maya, _, match_id = invited(function, people)
    status, problem = respond(function("match_respond"), "accept", maya, match_id)
    assert (status, problem["code"]) == (403, "initiator_cannot_respond")


def test_a_stranger_finds_no_match(function: Load, people: People) -> None:
    _, _, match_id = invited(function, people)
    app = function("match_respond")
    for unseen in (match_id, str(uuid4())):
        status, problem = respond(app, "accept", people.new(), unseen)
        assert (status, problem["code"]) == (404, "not_found")


def test_an_expired_invitation_cannot_be_accepted(function: Load, people: People) -> None:
    _, leo, match_id = invited(function, people)
    people.connection.execute(
        "update public.wingman_matches set created_at = now() - interval '49 h',"
        " expires_at = now() - interval '1 h' where id = %s",
        (match_id,),
    )
    status, problem = respond(function("match_respond"), "accept", leo, match_id)
    assert (status, problem["code"]) == (409, "match_expired")


def test_a_declined_pair_waits_seven_days(function: Load, people: People) -> None:
    maya, leo, match_id = invited(function, people)
    respond(function("match_respond"), "decline", leo, match_id)
    values = {"invitee_id": str(maya.id), "idempotency_key": str(uuid4())}
    app = function("match_request")
    status, problem, _ = app.call("create", access_token=leo.token, **values)
    assert (status, problem["code"]) == (409, "recently_declined")


def test_an_unknown_action_is_a_422(function: Load, people: People) -> None:
    _, leo, match_id = invited(function, people)
    app = function("match_respond")
    event = app.event("accept", access_token=leo.token, match_id=match_id)
    event["body"] = '{"action": "maybe"}'
    answer = app.invoke(event)
    assert answer["statusCode"] == 422
    assert '"field":"action"' in answer["body"]


def test_either_side_ends_a_match_for_good(function: Load, people: People) -> None:
    maya, leo, match_id = invited(function, people)
    app = function("match_respond")
    assert respond(app, "unmatch", leo, match_id)[1]["code"] == "match_not_accepted"
    respond(app, "accept", leo, match_id)

    status, match = respond(app, "unmatch", maya, match_id)

    assert (status, match["status"]) == (200, "ended")
    assert match["ended_at"].endswith("Z")
    again = respond(app, "unmatch", leo, match_id)[1]
    assert again | {"partner": None} == match | {"partner": None}
    assert respond(app, "unmatch", people.new(), match_id)[0] == 404
    assert respond(app, "accept", leo, match_id)[1]["code"] == "match_already_answered"
    values = {"invitee_id": str(leo.id), "idempotency_key": str(uuid4())}
    status, refused, _ = function("match_request").call("create", access_token=maya.token, **values)
    assert (status, refused["code"]) == (409, "match_ended")


def test_a_warm_answer_makes_four_calls(function: Load, people: People, calls: list[str]) -> None:
    """The calls go to Redis, the database, the queue and the registry of connections in Redis."""
    _, first, first_match = invited(function, people)
    _, second, second_match = invited(function, people)
    app = function("match_respond")
    respond(app, "accept", first, first_match)
    calls.clear()
    assert respond(app, "accept", second, second_match)[0] == 200
    assert calls == ["POST /", "POST /rest/v1/rpc/respond_to_match", *["POST /"] * 2]
