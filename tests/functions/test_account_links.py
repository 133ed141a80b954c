"""Links in emails about accounts: pages that change nothing, and the requests of their buttons."""

import html
import re
from typing import Any

import pytest

from tests.support.accounts import Load, attempts, new_ip, post
from tests.support.functions import Function
from tests.support.people import People
from tests.support.supabase_auth import PASSWORD, Account, SupabaseAuth, new_email

pytestmark = pytest.mark.usefixtures("no_hook")

NEW_PASSWORD = "another good password"
CONFIRMATION, RECOVERY = "confirmation_token", "recovery_token"
PAGE = {"accept": "text/html,application/xhtml+xml"}
FORM = PAGE | {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def app(function: Load) -> Function:
    return function("account_links")


def signed_up(auth: SupabaseAuth) -> tuple[str, str]:
    """Return the address of a new user and the token from the email to it."""
    email = new_email()
    auth.client().auth.sign_up({"email": email, "password": PASSWORD})
    return email, auth.link(email, CONFIRMATION)


def forgotten(auth: SupabaseAuth, account: Account) -> str:
    auth.client().auth.reset_password_for_email(account.email)
    return auth.link(account.email, RECOVERY)


def in_browser(app: Function, case: str, *, body: str | None = None, **values: str) -> Any:
    """Open the page of a link, or press its button."""
    event = app.event(case, **values)
    event["requestContext"]["http"]["sourceIp"] = new_ip()
    event["headers"] |= PAGE
    if body is not None:
        event["headers"] |= FORM
        event["requestContext"]["http"]["method"] = "POST"
        event["body"] = body
    return app.invoke(event)


def in_app(page: str) -> dict[str, str]:
    """Return the session from the link to the app on a page."""
    [fragment] = re.findall(r'href="http://127\.0\.0\.1:\d+/?#([^"]+)"', page)
    return dict(pair.split("=", 1) for pair in html.unescape(fragment).split("&"))


# --- confirm


def test_a_link_confirms_an_address_once(function: Load, auth: SupabaseAuth, app: Function) -> None:
    email, token = signed_up(auth)

    first, second = (post(app, "confirm", token_hash=token) for _ in range(2))

    assert (first[0], first[1]["user"]["email"]) == (200, email)
    assert first[1]["user"]["email_confirmed_at"].endswith("Z")
    assert (second[0], second[1]["code"]) == (400, "invalid_token")
    login = {"email": email, "password": PASSWORD}
    assert post(function("accounts"), "log_in", login)[0] == 200


def test_opening_a_link_changes_nothing(auth: SupabaseAuth, app: Function) -> None:
    _, token = signed_up(auth)

    for _ in range(3):
        opened = in_browser(app, "show_confirmation", token_hash=token)
        assert opened["statusCode"] == 200
        assert opened["body"].count("<button") == 1
        assert opened["headers"]["cache-control"] == "no-store"
        assert opened["headers"]["referrer-policy"] == "no-referrer"

    assert post(app, "confirm", token_hash=token)[0] == 200


def test_the_button_of_a_page_confirms_and_leads_to_the_app(
    auth: SupabaseAuth, app: Function
) -> None:
    _, token = signed_up(auth)

    pressed = in_browser(app, "show_confirmation", body="", token_hash=token)

    assert pressed["statusCode"] == 200
    assert "Your address is confirmed" in pressed["body"]
    session = in_app(pressed["body"])
    assert set(session) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert auth.client().auth.refresh_session(session["refresh_token"]).session


def test_a_used_link_is_explained_on_a_page(auth: SupabaseAuth, app: Function) -> None:
    _, token = signed_up(auth)
    post(app, "confirm", token_hash=token)

    pressed = in_browser(app, "show_confirmation", body="", token_hash=token)

    assert pressed["statusCode"] == 400
    assert "This link was used" in pressed["body"]


@pytest.mark.parametrize("query", ["", "token=&type=signup", "token=a&type=admin", "token=a%20b"])
def test_an_incomplete_link_is_a_400(app: Function, query: str) -> None:
    event = app.event("show_confirmation")
    answer = app.invoke(event | {"rawQueryString": query})

    assert answer["statusCode"] == 400
    assert "This link was used, has expired, or is not complete" in answer["body"]


@pytest.mark.parametrize(
    ("body", "field"), [({"type": "signup"}, "token"), ({"token": "a", "type": "x"}, "type")]
)
def test_a_body_without_a_token_or_a_kind_is_a_422(
    app: Function, body: dict[str, str], field: str
) -> None:
    status, problem = post(app, "confirm", body)

    assert (status, [error["field"] for error in problem["errors"]]) == (422, [field])


def test_a_magic_link_logs_in(auth: SupabaseAuth, app: Function) -> None:
    maya = auth.new()
    auth.client().auth.sign_in_with_otp({"email": maya.email})
    token = auth.link(maya.email, RECOVERY)

    status, tokens = post(app, "confirm", {"token": token, "type": "magic_link"})

    assert (status, tokens["user"]["id"]) == (200, str(maya.id))


def test_a_change_of_address_needs_both_links(auth: SupabaseAuth, app: Function) -> None:
    maya, email = auth.new(), new_email()
    client = auth.client()
    client.auth.sign_in_with_password(maya.credentials)
    client.auth.update_user({"email": email})
    old = auth.link(maya.email, "email_change_token_current")
    new = auth.link(email, "email_change_token_new")

    half = post(app, "confirm", {"token": old, "type": "email_change"})
    status, tokens = post(app, "confirm", {"token": new, "type": "email_change"})

    assert half == (202, {"confirmation_required": True})
    assert (status, tokens["user"]["email"]) == (200, email)


# --- reset


def test_a_reset_changes_the_password_and_ends_other_sessions(
    function: Load, auth: SupabaseAuth, app: Function
) -> None:
    maya, accounts = auth.new(), function("accounts")
    post(accounts, "log_in", maya.credentials)
    token = forgotten(auth, maya)

    status, tokens = post(app, "reset", {"token": token, "password": NEW_PASSWORD})

    assert (status, tokens["user"]["id"]) == (200, str(maya.id))
    assert len(auth.sessions(maya.id)) == 1
    again = post(accounts, "refresh", {"refresh_token": tokens["refresh_token"]})
    assert again[0] == 200
    logins = [
        post(accounts, "log_in", {"email": maya.email, "password": password})[0]
        for password in (PASSWORD, NEW_PASSWORD)
    ]
    assert logins == [401, 200]


def test_a_link_resets_a_password_once(auth: SupabaseAuth, app: Function) -> None:
    token = forgotten(auth, auth.new())
    post(app, "reset", {"token": token, "password": NEW_PASSWORD})

    status, problem = post(app, "reset", {"token": token, "password": NEW_PASSWORD})

    assert (status, problem["code"]) == (400, "invalid_token")


def test_a_link_for_a_new_password_expires_after_an_hour(auth: SupabaseAuth, app: Function) -> None:
    maya = auth.new()
    token = forgotten(auth, maya)
    auth.age(maya.id, 3601)

    status, problem = post(app, "reset", {"token": token, "password": NEW_PASSWORD})

    assert (status, problem["code"]) == (400, "invalid_token")


def test_the_same_password_may_be_kept_and_other_sessions_still_end(
    function: Load, auth: SupabaseAuth, app: Function
) -> None:
    maya = auth.new()
    post(function("accounts"), "log_in", maya.credentials)
    token = forgotten(auth, maya)

    status, _ = post(app, "reset", {"token": token, "password": maya.password})

    assert status == 200
    assert len(auth.sessions(maya.id)) == 1


def test_a_password_that_is_too_short_does_not_use_the_link_up(
    auth: SupabaseAuth, app: Function
) -> None:
    token = forgotten(auth, auth.new())

    refused, problem = post(app, "reset", {"token": token, "password": "short"})

    assert (refused, [error["field"] for error in problem["errors"]]) == (422, ["password"])
    assert post(app, "reset", {"token": token, "password": NEW_PASSWORD})[0] == 200


def test_the_page_asks_for_a_password_and_explains_a_bad_one(
    auth: SupabaseAuth, app: Function
) -> None:
    token = forgotten(auth, auth.new())

    asked = in_browser(app, "show_reset", token_hash=token)
    short = in_browser(app, "show_reset", body="password=short", token_hash=token)
    done = in_browser(app, "show_reset", body="password=another+good+one", token_hash=token)

    assert [answer["statusCode"] for answer in (asked, short, done)] == [200, 422, 200]
    assert 'type="password"' in asked["body"]
    assert "must have at least 8 characters" in short["body"]
    assert "short" not in re.sub(r"<style>.*?</style>", "", short["body"], flags=re.DOTALL)
    assert in_app(done["body"])["refresh_token"]


def test_a_failed_link_is_recorded(auth: SupabaseAuth, app: Function, people: People) -> None:
    maya = auth.new()
    post(app, "reset", {"token": forgotten(auth, maya), "password": NEW_PASSWORD})

    assert ("sign_in", "success") in {found[:2] for found in attempts(people, maya.id)}
    before = _failures(people)
    post(app, "reset", {"token": "unknown", "password": NEW_PASSWORD})
    post(app, "confirm", {"token": "unknown", "type": "signup"})
    assert _failures(people) == before + 2


def _failures(people: People) -> int:
    [[count]] = people.connection.execute(
        "select count(*) from private.sign_in_attempts"
        " where kind in ('reset', 'confirm') and outcome = 'failure'"
    ).fetchall()
    return int(count)
