import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.people import People

Load = Callable[..., Function]
Answer = tuple[int, Any, dict[str, str]]


def invite(function: Function, token: str, invitee: object, key: str = "") -> Answer:
    values = {"invitee_id": str(invitee), "idempotency_key": key or str(uuid4())}
    return function.call("create", access_token=token, **values)


def test_an_invitation_is_a_pending_match(function: Load, people: People) -> None:
    maya, leo = people.pair()
    status, match, headers = invite(function("match_request"), maya.token, leo.id)
    assert status == 201
    assert match["user1_id"] == match["initiator_id"] == str(maya.id)
    assert match["user2_id"] == str(leo.id)
    assert match["status"] == "pending"
    assert match["venue_suggestion"] == "Café Central"
    assert match["created_at"].endswith("Z")
    assert headers["ratelimit-policy"].startswith('"match-requests";q=5;w=100')
    assert headers["ratelimit"].startswith('"match-requests";r=4;t=20')


def test_an_upper_case_id_names_the_same_user(function: Load, people: People) -> None:
    maya, leo = people.pair()
    status, match, _ = invite(function("match_request"), maya.token, str(leo.id).upper())
    assert (status, match["user2_id"]) == (201, str(leo.id))


def test_the_same_key_returns_the_first_answer(function: Load, people: People) -> None:
    maya, leo = people.pair()
    app, key = function("match_request"), str(uuid4())
    _, first, first_headers = invite(app, maya.token, leo.id, key)
    status, second, second_headers = invite(app, maya.token, leo.id, key)
    assert (status, second) == (201, first)
    assert "idempotent-replayed" not in first_headers
    assert second_headers["idempotent-replayed"] == "true"
    assert {first_headers["location"], second_headers["location"]} == {
        f"/api/matches/{first['id']}"
    }


def test_the_same_key_with_another_body_is_a_conflict(function: Load, people: People) -> None:
    maya, leo = people.pair()
    app, key = function("match_request"), str(uuid4())
    invite(app, maya.token, leo.id, key)
    status, problem, _ = invite(app, maya.token, people.new().id, key)
    assert (status, problem["code"]) == (409, "idempotency_key_reused")


def test_order_and_spacing_of_a_body_do_not_matter(function: Load, people: People) -> None:
    maya, leo = people.pair()
    app = function("match_request")
    values = {"invitee_id": str(leo.id), "idempotency_key": str(uuid4())}
    event = app.event("create", access_token=maya.token, **values)
    first = app.invoke(event)
    body = json.loads(event["body"])
    event["body"] = json.dumps(dict(reversed(body.items())), indent=2)
    second = app.invoke(event)
    assert (first["statusCode"], second["statusCode"]) == (201, 201)
    assert second["body"] == first["body"]


@pytest.mark.parametrize("key", ["x" * 256])
def test_a_key_that_is_too_long_is_a_422(function: Load, people: People, key: str) -> None:
    maya, leo = people.pair()
    status, problem, _ = invite(function("match_request"), maya.token, leo.id, key)
    assert (status, problem["code"]) == (422, "invalid_request")


def test_a_user_cannot_invite_themselves(function: Load, people: People) -> None:
    maya = people.new()
    status, problem, _ = invite(function("match_request"), maya.token, maya.id)
    assert (status, problem["code"]) == (422, "invalid_request")
    assert problem["errors"][0]["field"] == "invitee_id"


def test_an_unknown_invitee_is_a_404(function: Load, people: People) -> None:
    status, problem, _ = invite(function("match_request"), people.new().token, uuid4())
    assert (status, problem["code"]) == (404, "not_found")


def test_a_second_invitation_of_the_pair_is_a_conflict(function: Load, people: People) -> None:
    maya, leo = people.pair()
    app = function("match_request")
    invite(app, maya.token, leo.id)
    status, problem, _ = invite(app, leo.token, maya.id)
    assert (status, problem["code"]) == (409, "match_already_open")


def test_the_daily_limit_states_when_to_retry(function: Load, people: People) -> None:
    maya = people.new()
    app = function("match_request", MAX_DAILY_MATCHES="2")
    for _ in range(2):
        assert invite(app, maya.token, people.new().id)[0] == 201
    status, problem, headers = invite(app, maya.token, people.new().id)
    assert (status, problem["code"]) == (429, "daily_match_limit")
    assert 86_300 < int(headers["retry-after"]) <= 86_400


def test_the_sixth_invitation_in_a_row_waits_for_a_token(function: Load, people: People) -> None:
    maya = people.new()
    app = function("match_request")
    for _ in range(5):
        assert invite(app, maya.token, people.new().id)[0] == 201
    status, problem, headers = invite(app, maya.token, people.new().id)
    assert (status, problem["code"]) == (429, "rate_limited")
    assert 15 <= int(headers["retry-after"]) <= 20


def test_a_withdrawn_invitation_is_closed(function: Load, people: People) -> None:
    maya, leo = people.pair()
    app = function("match_request")
    match_id = invite(app, maya.token, leo.id)[1]["id"]
    for _ in range(2):
        status, match, _ = app.call("withdraw", access_token=maya.token, match_id=match_id)
        assert (status, match["status"]) == (200, "withdrawn")
    status, problem, _ = app.call("withdraw", access_token=leo.token, match_id=match_id)
    assert (status, problem["code"]) == (403, "only_initiator_can_withdraw")


def test_a_match_of_others_is_a_404(function: Load, people: People) -> None:
    maya, leo = people.pair()
    app = function("match_request")
    match_id = invite(app, maya.token, leo.id)[1]["id"]
    for case in ("get", "withdraw"):
        status, problem, _ = app.call(case, access_token=people.new().token, match_id=match_id)
        assert (status, problem["code"]) == (404, "not_found")
    status, match, _ = app.call("get", access_token=leo.token, match_id=match_id)
    assert (status, match["id"]) == (200, match_id)


def test_a_malformed_id_is_a_422(function: Load, people: People) -> None:
    app = function("match_request")
    status, problem, _ = app.call("get", access_token=people.new().token, match_id="nope")
    assert (status, problem["errors"][0]["field"]) == (422, "match_id")


def test_pages_are_stable_while_matches_are_added(function: Load, people: People) -> None:
    maya = people.new()
    app = function("match_request", ENABLE_RATE_LIMITING="false")
    made = [invite(app, maya.token, people.new().id)[1]["id"] for _ in range(5)]

    def page(query: str) -> Any:
        event = app.event("list", access_token=maya.token)
        event["rawQueryString"] = query
        return json.loads(app.invoke(event)["body"])

    first = page("limit=2")
    invite(app, maya.token, people.new().id)
    second = page(f"limit=2&cursor={first['next_cursor']}")
    third = page(f"limit=2&cursor={second['next_cursor']}")
    seen = [match["id"] for part in (first, second, third) for match in part["matches"]]
    assert seen == list(reversed(made))
    assert third["next_cursor"] is None
    assert page("status=accepted") == {"matches": [], "next_cursor": None}
    assert page("limit=0")["code"] == page("cursor=x")["code"] == "invalid_request"


def test_requests_without_a_token_are_refused(function: Load) -> None:
    app = function("match_request")
    event = app.event("list")
    del event["headers"]["authorization"]
    answer = app.invoke(event)
    assert answer["statusCode"] == 401
    assert answer["headers"]["www-authenticate"] == "Bearer"


def test_the_token_of_a_deleted_user_is_refused(function: Load, people: People) -> None:
    maya, leo = people.pair()
    app = function("match_request")
    people.remove(maya)
    assert invite(app, maya.token, leo.id)[0] == 401
    for case in ("list", "get", "withdraw"):
        status, problem, _ = app.call(case, access_token=maya.token, match_id=str(uuid4()))
        assert (status, problem["code"]) == (401, "unauthenticated")
