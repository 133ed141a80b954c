"""Opening an account."""

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.support.accounts import Load, Waiting, carry_out, post
from tests.support.people import People
from tests.support.supabase_auth import PASSWORD, SupabaseAuth, new_email
from wingman.kit.resilience.retry import pausing_with

pytestmark = pytest.mark.usefixtures("no_hook")


def credentials(email: str, password: str = PASSWORD, **more: object) -> dict[str, object]:
    return {"email": email, "password": password, **more}


@pytest.mark.parametrize("known", [True, False])
def test_a_registration_is_answered_before_it_is_made(
    function: Load, auth: SupabaseAuth, waiting: Waiting, calls: list[str], known: bool
) -> None:
    email, app = auth.new().email if known else new_email(), waiting.accounts(function)
    post(app, "register", credentials(new_email()))  # warm
    calls.clear()

    status, answer = post(app, "register", credentials(email))

    assert (status, answer) == (202, {"confirmation_required": True})
    assert [call.split("?")[0] for call in calls] == ["POST /", "POST /"]  # Redis and SQS


def test_a_registration_opens_an_account_with_its_names(
    function: Load, auth: SupabaseAuth, waiting: Waiting, people: People
) -> None:
    email = new_email()
    body = credentials(email, first_name=" Ada ", timezone="Europe/Berlin")
    post(waiting.accounts(function), "register", body)

    assert carry_out(function, waiting.take()) == []

    tokens = verified(function, auth, email)
    assert tokens["user"]["email"] == email
    [profile] = people.connection.execute(
        "select first_name, timezone from public.user_profiles where email = %s", (email,)
    ).fetchall()
    assert profile == ("Ada", "Europe/Berlin")
    assert post(function("accounts"), "log_in", credentials(email))[0] == 200


def verified(function: Load, auth: SupabaseAuth, email: str) -> Any:
    token = auth.link(email, "confirmation_token")
    status, tokens = post(function("account_links"), "confirm", token_hash=token)
    assert status == 200, tokens
    return tokens


def test_only_the_newest_registration_of_an_address_counts(
    function: Load, auth: SupabaseAuth, waiting: Waiting
) -> None:
    email, app = new_email(), waiting.accounts(function)
    post(app, "register", credentials(email, "a stranger's password"))
    carry_out(function, waiting.take())
    strangers = auth.link(email, "confirmation_token")

    post(waiting.accounts(function), "register", credentials(email))
    carry_out(function, waiting.take())

    status, problem = post(function("account_links"), "confirm", token_hash=strangers)
    assert (status, problem["code"]) == (400, "invalid_token")
    verified(function, auth, email)
    app = function("accounts")
    assert post(app, "log_in", credentials(email))[0] == 200
    assert post(app, "log_in", credentials(email, "a stranger's password"))[0] == 401


def test_a_registration_that_is_delivered_twice_is_made_once(
    function: Load, auth: SupabaseAuth, waiting: Waiting
) -> None:
    email = new_email()
    post(waiting.accounts(function), "register", credentials(email))
    [message] = waiting.take()

    links = set()
    for _ in range(2):
        assert carry_out(function, [message]) == []
        links.add(auth.link(email, "confirmation_token"))

    assert len(links) == 1


def test_a_registration_does_not_touch_an_account(
    function: Load, auth: SupabaseAuth, waiting: Waiting
) -> None:
    maya = auth.new()
    post(waiting.accounts(function), "register", credentials(maya.email, "another password"))

    assert carry_out(function, waiting.take()) == []

    app = function("accounts")
    assert post(app, "log_in", maya.credentials)[0] == 200
    assert post(app, "log_in", credentials(maya.email, "another password"))[0] == 401


def test_without_confirmations_a_new_user_is_logged_in_at_once(
    function: Load, auth: SupabaseAuth
) -> None:
    email, app = new_email(), function("accounts", CONFIRM_ADDRESSES="false")
    with auth.settings(hook_url=None, enable_confirmations=False):
        answer = app.invoke(app.event("register", new_email=email))
        again = post(app, "register", credentials(email))

    assert answer["statusCode"] == 201
    assert answer["headers"]["location"] == "/api/account"
    assert answer["headers"]["cache-control"] == "no-store"
    assert (again[0], again[1]["code"]) == (409, "email_taken")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"password": "1234567"}, "password"),
        ({"password": "x" * 73}, "password"),
        ({"password": "ü" * 37}, "password"),
        ({"password": "with\0nul"}, "password"),
        ({"password": "half \ud800 a pair"}, "password"),
        ({"password": 12345678}, "password"),
        ({"email": "maya"}, "email"),
        ({"email": "maya@localhost"}, "email"),
        ({"email": "maya@exa mple.com"}, "email"),
        ({"email": "@example.com"}, "email"),
        ({"email": ".maya@example.com"}, "email"),
        ({"email": f"{'m' * 65}@example.com"}, "email"),
        ({"email": f"m@{'e' * 63}.{'x' * 63}.{'a' * 63}.{'m' * 63}.com"}, "email"),
        ({"email": "ma\u212aya@example.com"}, "email"),
        ({"email": "m\u0131ya@example.com"}, "email"),
        ({"email": "maya@example.com\r\nBcc: x@example.com"}, "email"),
        ({"first_name": "x" * 101}, "first_name"),
        ({"first_name": "a\nb"}, "first_name"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"role": "service_role"}, "role"),
    ],
)
def test_an_invalid_registration_is_a_422_that_names_the_field(
    function: Load, changed: dict[str, object], field: str
) -> None:
    body = credentials(new_email()) | changed

    status, problem = post(function("accounts"), "register", body)

    assert (status, problem["code"]) == (422, "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize("password", ["12345678", "x" * 72, "ü" * 36, "🐕" * 8, "        "])
def test_a_password_may_have_8_characters_to_72_bytes(
    function: Load, auth: SupabaseAuth, password: str
) -> None:
    email, app = new_email(), function("accounts", CONFIRM_ADDRESSES="false")
    with auth.settings(hook_url=None, enable_confirmations=False):
        status, _ = post(app, "register", credentials(email, password))

    assert status == 201
    assert post(app, "log_in", credentials(email, password))[0] == 200


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(min_size=8, max_size=30), st.data())
def test_an_account_opens_with_its_own_password_and_no_other(
    function: Load, auth: SupabaseAuth, password: str, data: st.DataObject
) -> None:
    assume(fits(password))
    other = data.draw(near(password))
    email, app = new_email(), function("accounts", CONFIRM_ADDRESSES="false")
    with auth.settings(hook_url=None, enable_confirmations=False):
        assert post(app, "register", credentials(email, password))[0] == 201

    with pausing_with(lambda _: None):
        answers = [post(app, "log_in", credentials(email, each))[0] for each in (password, other)]

    assert answers == [200, 401]
    [[stored]] = auth.database.execute(
        "select encrypted_password from auth.users where email = %s", (email,)
    ).fetchall()
    assert re.fullmatch(r"\$2[aby]\$10\$[./A-Za-z0-9]{53}", stored)


def fits(password: str) -> bool:
    try:
        return "\0" not in password and len(password.encode()) <= 72
    except UnicodeEncodeError:
        return False


def near(password: str) -> st.SearchStrategy[str]:
    """Passwords that differ by case, by a space, by the order or by one character."""
    others = (
        *(password.swapcase(), password + " ", " " + password, password[::-1], password[1:]),
        *(unicodedata.normalize("NFD", password), unicodedata.normalize("NFKC", password)),
    )
    return st.sampled_from(others).filter(lambda other: other != password and fits(other))
