"""A client's mistake is always answered with a problem document, never with a 500."""

import time
from typing import Any
from uuid import uuid4

import jwt
import pytest

from local import tokens
from tests.support.api import Api, assert_problem
from tests.support.people import People


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b"\xff\xfe\x00", 400, "malformed_json"),
        (b"", 422, "invalid_request"),
        (b"[]", 422, "invalid_request"),
        (b"{}", 422, "invalid_request"),
        (b'{"invitee_id": "x"}', 422, "invalid_request"),
        (b'{"invitee_id": "%s", "note": "a\\u0000b"}', 422, "invalid_request"),
        (b'{"invitee_id": "%s", "note": "\\ud800"}', 422, "invalid_request"),
        (b'{"invitee_id": "%s", "venue_suggestion": "a\\nb"}', 422, "invalid_request"),
        (b'{"invitee_id": "%s", "status": "accepted"}', 422, "invalid_request"),
        (b" " * 2_000_001, 413, "payload_too_large"),
    ],
)
def test_a_bad_body_is_a_problem(
    api: Api, people: People, body: bytes, status: int, code: str
) -> None:
    body = body.replace(b"%s", str(uuid4()).encode())
    headers = {"Content-Type": "application/json"}
    response = api.call("POST", "/api/matches", people.new(), content=body, headers=headers)
    problem = assert_problem(response, status, code)
    if status == 422:
        assert problem["errors"][0]["field"]


def test_an_unknown_route_is_a_404(api: Api) -> None:
    for path in ("/", "/api", "/api/match", "/api/matches/x/y/z", "/%00", "/api/matches/"):
        assert_problem(api.call("GET", path), 404, "not_found")


def test_a_wrong_method_is_a_405(api: Api) -> None:
    response = api.call("DELETE", "/api/matches")
    assert_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET, HEAD, POST"
    assert_problem(api.call("GET", f"/api/matches/{uuid4()}/respond"), 405, "method_not_allowed")
    assert_problem(api.call("PUT", "/health"), 405, "method_not_allowed")


def test_no_token_is_a_401(api: Api) -> None:
    for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}):
        response = api.call("GET", "/api/matches", headers=headers)
        assert_problem(response, 401, "unauthenticated")
        assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": int(time.time()) - 60}, "token_expired"),
        ({"aud": "anon"}, "unauthenticated"),
        ({"iss": "https://evil.example/auth/v1"}, "unauthenticated"),
        ({"role": "service_role"}, "unauthenticated"),
        ({"key": tokens.new_key()}, "unauthenticated"),
    ],
)
def test_an_invalid_token_is_a_401(
    api: Api, people: People, claims: dict[str, Any], code: str
) -> None:
    token = people.token(people.new().id, **claims)
    response = api.call("GET", "/api/matches", headers={"Authorization": f"Bearer {token}"})
    assert_problem(response, 401, code)
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_an_unsigned_token_is_a_401(api: Api, people: People) -> None:
    claims = jwt.decode(people.new().token, options={"verify_signature": False})
    token = jwt.encode(claims, "", algorithm="none")
    headers = {"Authorization": f"Bearer {token}"}
    assert_problem(api.call("GET", "/api/matches", headers=headers), 401, "unauthenticated")


def test_the_token_of_a_deleted_user_is_a_401(api: Api, people: People) -> None:
    gone, other = people.pair()
    people.remove(gone)
    assert_problem(api.call("GET", "/api/matches", gone), 401, "unauthenticated")
    assert_problem(api.invite(gone, other), 401, "unauthenticated")


def test_another_users_match_is_a_404_and_answering_ones_own_invitation_a_403(
    api: Api, people: People
) -> None:
    maya, leo = people.pair()
    match_id = api.invited(maya, leo)
    assert_problem(api.answer(people.new(), match_id), 404, "not_found")
    assert_problem(api.answer(maya, match_id), 403, "initiator_cannot_respond")
    stranger = people.new()
    assert_problem(api.call("GET", f"/api/matches/{match_id}", stranger), 404, "not_found")


def test_an_address_never_leaves_the_api(api: Api, people: People) -> None:
    maya, leo = people.pair()
    match_id = api.invited(maya, leo)
    answers = [
        api.call("GET", "/api/matches", maya),
        api.call("GET", f"/api/matches/{match_id}", maya),
        api.answer(leo, match_id),
    ]
    assert all("@" not in answer.text for answer in answers)
