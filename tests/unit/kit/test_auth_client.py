"""Answers of Supabase Auth become our errors, and no client object is used twice."""

import traceback
from collections.abc import Callable

import httpx
import pytest
from supabase_auth import AuthResponse, SyncGoTrueClient

from wingman.kit.clients.auth import FORWARDED_FOR, Auth, AuthRefused, Client
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.resilience.retry import pausing_with

pytestmark = pytest.mark.usefixtures("fresh_container")
Answer = Callable[[httpx.Request], httpx.Response]
ADDRESS = "maya@example.com"
PAGE = "<html>Forbidden</html>"
USER = {
    "id": "6f1c0f0e-0000-4000-8000-000000000001",
    "aud": "authenticated",
    "app_metadata": {},
    "user_metadata": {},
    "created_at": "2026-12-01T12:00:00Z",
}
SESSION = {
    "access_token": "a",
    "refresh_token": "r",
    "token_type": "bearer",
    "expires_in": 3600,
    "user": USER,
}
NAMED = {"x-supabase-api-version": "2024-01-01"}


def auth(answer: Answer) -> Auth:
    session = httpx.Client(transport=httpx.MockTransport(answer))
    return Auth("https://x.supabase.co", "sb_secret_key", session, Client("192.0.2.1", "App/1"))


def sign_in(client: SyncGoTrueClient) -> AuthResponse:
    return client.sign_in_with_password({"email": ADDRESS, "password": "wrong"})


def answering(status: int, body: object, headers: dict[str, str] | None = None) -> Answer:
    def answer(_: httpx.Request) -> httpx.Response:
        if isinstance(body, str):
            return httpx.Response(status, text=body, headers=headers)
        return httpx.Response(status, json=body, headers=headers)

    return answer


def test_a_call_names_the_client_and_our_key() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=SESSION)

    auth(answer).call(sign_in)

    [request] = seen
    assert str(request.url) == "https://x.supabase.co/auth/v1/token?grant_type=password"
    assert request.headers["apikey"] == "sb_secret_key"
    assert request.headers[FORWARDED_FOR] == "192.0.2.1"
    assert request.headers["user-agent"] == "App/1"
    assert "authorization" not in request.headers


def test_each_call_has_a_client_of_its_own() -> None:
    supabase = auth(answering(200, SESSION))

    assert supabase.call(sign_in).session is not None

    assert supabase.call(lambda client: client.get_session()) is None


@pytest.mark.parametrize(
    ("status", "body", "headers", "code"),
    [
        (400, {"code": "invalid_credentials", "message": "No"}, NAMED, "invalid_credentials"),
        (400, {"code": 400, "error_code": "user_banned", "msg": "No"}, {}, "user_banned"),
        (429, {"code": "over_request_rate_limit", "message": ""}, NAMED, "over_request_rate_limit"),
        (
            *(422, {"code": "weak_password", "message": "No", "weak_password": {"reasons": []}}),
            *(NAMED, "weak_password"),
        ),
    ],
)
def test_a_refusal_has_the_code_of_supabase_auth(
    status: int, body: object, headers: dict[str, str], code: str
) -> None:
    with pytest.raises(AuthRefused) as caught:
        auth(answering(status, body, headers)).call(sign_in)

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"code": "unexpected_failure", "message": "Database error"}),
        (502, PAGE),
        (503, {"message": "The auth service is not reachable"}),
        (403, PAGE),
        (429, PAGE),
        (200, PAGE),
        (200, {}),
        (200, {"user": None}),
        (200, []),
    ],
)
def test_anything_else_is_an_outage(status: int, body: object) -> None:
    with pytest.raises(DependencyUnavailable) as caught:
        auth(answering(status, body)).call(sign_in)

    assert not isinstance(caught.value, DependencyRefused)


def test_a_key_that_the_gateway_refuses_is_no_outage() -> None:
    with pytest.raises(DependencyRefused):
        auth(answering(401, {"message": "Invalid API key"})).call(sign_in)


@pytest.mark.parametrize(
    ("error", "calls"), [(httpx.ConnectError("away"), 2), (httpx.ReadTimeout("slow"), 1)]
)
def test_a_call_that_may_have_been_executed_is_not_repeated(
    error: httpx.HTTPError, calls: int
) -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        raise error

    with pausing_with(lambda _: None), pytest.raises(DependencyUnavailable):
        auth(answer).call(sign_in)

    assert len(seen) == calls


def test_a_refresh_is_repeated_when_its_answer_was_lost() -> None:
    lost = iter([True, False])

    def answer(_: httpx.Request) -> httpx.Response:
        if next(lost):
            raise httpx.ReadTimeout("slow")
        return httpx.Response(200, json=SESSION)

    with pausing_with(lambda _: None):
        found = auth(answer).call(lambda client: client.refresh_session("r"), idempotent=True)

    assert found.session is not None


@pytest.mark.parametrize("status", [400, 422, 500])
def test_the_text_of_supabase_auth_is_in_no_traceback(status: int) -> None:
    body = {"code": "email_address_invalid", "message": f"{ADDRESS} is invalid"}

    with pytest.raises((AuthRefused, DependencyUnavailable)) as caught:
        auth(answering(status, body, NAMED)).call(sign_in)

    assert ADDRESS not in "".join(traceback.format_exception(caught.value))


def test_a_strange_answer_is_in_no_traceback() -> None:
    with pytest.raises(DependencyUnavailable) as caught:
        auth(answering(200, {**SESSION, "user": ADDRESS})).call(sign_in)

    assert ADDRESS not in "".join(traceback.format_exception(caught.value))
