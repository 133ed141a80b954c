"""Stolen tokens stop working when their owner uses a refresh token or logs out."""

import json
from typing import Any

import pytest

from tests.support.accounts import Load, post
from tests.support.functions import Function
from tests.support.supabase_auth import SupabaseAuth

pytestmark = pytest.mark.usefixtures("no_hook")


def refreshed(app: Function, tokens: dict[str, Any]) -> tuple[int, Any]:
    return post(app, "refresh", {"refresh_token": tokens["refresh_token"]})


def reads(app: Function, tokens: dict[str, Any]) -> tuple[int, str]:
    """Read the user's own names with an access token; return the status and code."""
    answer = app.invoke(app.event("get", access_token=tokens["access_token"]))
    return answer["statusCode"], json.loads(answer["body"]).get("code", "")


def test_an_old_refresh_token_ends_the_session_and_its_access_tokens(
    function: Load, auth: SupabaseAuth
) -> None:
    maya, app = auth.new(), function("accounts")
    _, stolen = post(app, "log_in", maya.credentials)
    _, second = refreshed(app, stolen)
    _, third = refreshed(app, second)
    auth.age(maya.id, 11)
    assert reads(function("user"), third) == (200, "")

    status, problem = refreshed(function("accounts"), stolen)

    assert (status, problem["code"]) == (401, "invalid_refresh_token")
    assert refreshed(function("accounts"), third)[0] == 401
    ended = [reads(function("user"), each) for each in (stolen, second, third)]
    assert ended == [(401, "session_ended")] * 3


def test_another_session_of_the_user_goes_on(function: Load, auth: SupabaseAuth) -> None:
    maya, app = auth.new(), function("accounts")
    _, other = post(app, "log_in", maya.credentials)
    _, stolen = post(app, "log_in", maya.credentials)
    refreshed(app, refreshed(app, stolen)[1])
    auth.age(maya.id, 11)

    assert refreshed(app, stolen)[0] == 401

    assert reads(function("user"), other) == (200, "")
    assert refreshed(function("accounts"), other)[0] == 200


@pytest.mark.parametrize(("scope", "others"), [("local", 200), ("global", 401)])
def test_access_tokens_end_with_a_logout_on_the_next_request(
    function: Load, auth: SupabaseAuth, scope: str, others: int
) -> None:
    maya, app = auth.new(), function("accounts")
    _, other = post(app, "log_in", maya.credentials)
    _, tokens = post(app, "log_in", maya.credentials)

    post(app, "log_out", {"scope": scope}, access_token=tokens["access_token"])

    assert reads(function("user"), tokens) == (401, "session_ended")
    assert reads(function("user"), other)[0] == others


def test_access_tokens_end_with_a_reset_on_the_next_request(
    function: Load, auth: SupabaseAuth
) -> None:
    maya = auth.new()
    _, stolen = post(function("accounts"), "log_in", maya.credentials)
    auth.client().auth.reset_password_for_email(maya.email)
    body = {
        "token": auth.link(maya.email, "recovery_token"),
        "password": "another good password",
    }

    _, tokens = post(function("account_links"), "reset", body)

    assert reads(function("user"), stolen) == (401, "session_ended")
    assert reads(function("user"), tokens) == (200, "")


def test_a_client_object_keeps_no_session_for_the_next_request(
    function: Load, auth: SupabaseAuth
) -> None:
    maya, leo, app = auth.new(), auth.new(), function("accounts")
    _, mayas = post(app, "log_in", maya.credentials)
    _, leos = post(app, "log_in", leo.credentials)

    _, renewed = refreshed(app, mayas)

    assert renewed["user"]["id"] == str(maya.id)
    assert post(app, "log_in", {"email": leo.email, "password": "wrong"})[0] == 401
    assert refreshed(app, leos)[1]["user"]["id"] == str(leo.id)
