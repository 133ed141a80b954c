"""Logging in, staying logged in, logging out, and asking for a new password."""

import pytest

from tests.support.accounts import Load, Waiting, attempts, carry_out, post
from tests.support.people import People
from tests.support.supabase_auth import PASSWORD, SupabaseAuth, new_email

pytestmark = pytest.mark.usefixtures("no_hook")

TOKENS = {"access_token", "refresh_token", "token_type", "expires_in", "expires_at", "user"}


def credentials(email: str, password: str = PASSWORD, **more: object) -> dict[str, object]:
    return {"email": email, "password": password, **more}


# --- log in


def test_a_user_logs_in_with_two_calls(
    function: Load, auth: SupabaseAuth, calls: list[str]
) -> None:
    maya, app = auth.new(), function("accounts")
    post(app, "log_in", maya.credentials)  # warm
    calls.clear()

    status, tokens = post(app, "log_in", maya.credentials)

    assert status == 200
    assert set(tokens) == TOKENS
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_at"].endswith("Z")
    assert set(tokens["user"]) == {"id", "email", "email_confirmed_at", "created_at"}
    assert (tokens["user"]["id"], tokens["user"]["email"]) == (str(maya.id), maya.email)
    assert calls == ["POST /", "POST /auth/v1/token"]


def test_a_login_is_recorded_with_its_client(
    function: Load, auth: SupabaseAuth, people: People
) -> None:
    maya, app = auth.new(), function("accounts")

    post(app, "log_in", credentials(maya.email, "wrong"))
    post(app, "log_in", maya.credentials)

    found = attempts(people, maya.id)
    assert found == [("sign_in", "failure", "curl/8.5.0"), ("sign_in", "success", "curl/8.5.0")]


@pytest.mark.parametrize("known", [True, False])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    function: Load, auth: SupabaseAuth, known: bool
) -> None:
    email = auth.new().email if known else new_email()

    status, problem = post(function("accounts"), "log_in", credentials(email, "wrong"))

    del problem["request_id"]
    assert status == 401
    assert problem == {
        "type": "urn:wingman:problem:invalid_credentials",
        "title": "Invalid credentials",
        "status": 401,
        "detail": "The email address or the password is wrong.",
        "code": "invalid_credentials",
    }


def test_an_address_may_be_written_in_another_case(function: Load, auth: SupabaseAuth) -> None:
    maya = auth.new()

    status, _ = post(function("accounts"), "log_in", credentials(f" {maya.email.upper()} "))

    assert status == 200


def test_a_login_before_the_confirmation_is_a_403_only_for_the_right_password(
    function: Load, auth: SupabaseAuth
) -> None:
    email, app = new_email(), function("accounts")
    auth.client().auth.sign_up({"email": email, "password": PASSWORD})

    refused = [post(app, "log_in", credentials(email, word)) for word in (PASSWORD, "wrong")]

    assert [(status, problem["code"]) for status, problem in refused] == [
        (403, "email_not_confirmed"),
        (401, "invalid_credentials"),
    ]


def test_a_banned_user_is_like_an_unknown_one(function: Load, auth: SupabaseAuth) -> None:
    maya = auth.new()
    auth.admin().update_user_by_id(str(maya.id), {"ban_duration": "1h"})

    status, problem = post(function("accounts"), "log_in", maya.credentials)

    assert (status, problem["code"]) == (401, "invalid_credentials")


# --- refresh


def test_a_refresh_token_is_exchanged(function: Load, auth: SupabaseAuth) -> None:
    app = function("accounts")
    _, first = post(app, "log_in", auth.new().credentials)

    status, second = post(app, "refresh", {"refresh_token": first["refresh_token"]})

    assert status == 200
    assert set(second) == TOKENS
    assert second["refresh_token"] != first["refresh_token"]
    assert second["user"] == first["user"]


def test_two_tabs_and_a_lost_answer_keep_the_session(function: Load, auth: SupabaseAuth) -> None:
    app = function("accounts")
    _, first = post(app, "log_in", auth.new().credentials)
    sent = {"refresh_token": first["refresh_token"]}

    answers = [post(app, "refresh", sent) for _ in range(3)]

    assert [status for status, _ in answers] == [200, 200, 200]
    assert len({tokens["refresh_token"] for _, tokens in answers}) == 1


def test_an_unknown_refresh_token_is_a_401(function: Load, auth: SupabaseAuth) -> None:
    status, problem = post(function("accounts"), "refresh", {"refresh_token": "nothing"})

    assert (status, problem["code"]) == (401, "invalid_refresh_token")


# --- log out


@pytest.mark.parametrize(("scope", "left"), [("local", 1), ("global", 0), (None, 1)])
def test_a_logout_ends_one_session_or_all(
    function: Load, auth: SupabaseAuth, scope: str | None, left: int
) -> None:
    maya, app = auth.new(), function("accounts")
    post(app, "log_in", maya.credentials)
    _, tokens = post(app, "log_in", maya.credentials)
    body = {"scope": scope} if scope else {}

    status, nothing = post(app, "log_out", body, access_token=tokens["access_token"])

    assert (status, nothing) == (204, None)
    assert len(auth.sessions(maya.id)) == left


def test_a_logout_needs_a_token(function: Load) -> None:
    status, problem = post(function("accounts"), "log_out", access_token="")

    assert (status, problem["code"]) == (401, "unauthenticated")


# --- forgotten passwords


@pytest.mark.parametrize("known", [True, False])
def test_a_forgotten_password_is_answered_before_supabase_auth_is_called(
    function: Load, auth: SupabaseAuth, waiting: Waiting, calls: list[str], known: bool
) -> None:
    email, app = auth.new().email if known else new_email(), waiting.accounts(function)
    post(app, "forgot", {"email": new_email()})  # warm
    calls.clear()

    answers = [post(app, "forgot", {"email": email}) for _ in range(2)]

    assert answers == [(202, {"accepted": True})] * 2
    assert calls == ["POST /", "POST /"] * 2


def test_a_request_for_a_new_password_sends_a_link_once_a_minute(
    function: Load, auth: SupabaseAuth, waiting: Waiting, people: People
) -> None:
    maya, app = auth.new(), waiting.accounts(function)
    links = set()
    for _ in range(2):
        post(app, "forgot", {"email": maya.email})
        assert carry_out(function, waiting.take()) == []
        links.add(auth.link(maya.email, "recovery_token"))

    assert len(links) == 1
    assert [attempt[:2] for attempt in attempts(people, maya.id)] == [("forgot", "accepted")] * 2


# --- Supabase Auth is down


def test_without_supabase_auth_a_login_is_a_503_and_all_else_works(
    function: Load, auth: SupabaseAuth, closed_breakers: None
) -> None:
    maya, app = auth.new(), function("accounts")
    _, tokens = post(app, "log_in", maya.credentials)
    with auth.fault("down"):
        answer = app.invoke(app.event("log_in", email=maya.email))
        elsewhere = function("user").call("get", access_token=tokens["access_token"])

    assert answer["statusCode"] == 503
    assert int(answer["headers"]["retry-after"]) >= 1
    assert elsewhere[0] == 200


def test_without_supabase_auth_requests_wait_in_the_queue(
    function: Load, auth: SupabaseAuth, waiting: Waiting
) -> None:
    email = new_email()
    with auth.fault("down"):
        assert post(waiting.accounts(function), "register", credentials(email))[0] == 202
        [message] = waiting.take()
        assert carry_out(function, [message]) == ["0"]

    assert carry_out(function, [message]) == []
    assert auth.link(email, "confirmation_token")


def test_a_limit_of_supabase_auth_is_a_429(function: Load, auth: SupabaseAuth) -> None:
    maya, app = auth.new(), function("accounts")
    with auth.fault("rate_limited"):
        status, problem = post(app, "log_in", maya.credentials)

    assert (status, problem["code"]) == (429, "rate_limited")
