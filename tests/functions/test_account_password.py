"""A new password for the caller's own account."""

from functools import partial
from typing import Any

import pytest

from tests.support.accounts import Load, attempts, new_ip
from tests.support.functions import Function
from tests.support.people import People
from tests.support.signed_in import (
    NEW_PASSWORD,
    SignedIn,
    SignIn,
    ask,
    change,
    delete,
    exists,
    logs_in,
    signed_in,
)
from tests.support.supabase_auth import PASSWORD, SupabaseAuth
from wingman.kit.clients.redis import redis
from wingman.kit.presence.touching import ended_key

pytestmark = pytest.mark.usefixtures("no_hook")


@pytest.fixture
def app(function: Load) -> Function:
    return function("account")


@pytest.fixture
def sign_in(auth: SupabaseAuth) -> SignIn:
    return partial(signed_in, auth)


def test_a_new_password_replaces_the_old_one(
    app: Function, sign_in: SignIn, auth: SupabaseAuth, people: People
) -> None:
    maya = sign_in()

    assert change(app, maya, PASSWORD) == (204, None)

    assert logs_in(auth, maya.account, NEW_PASSWORD)
    assert not logs_in(auth, maya.account, PASSWORD)
    assert ("password_change", "success", "curl/8.5.0") in attempts(people, maya.id)


def test_a_new_password_ends_all_other_sessions_at_once(app: Function, sign_in: SignIn) -> None:
    maya = sign_in()
    elsewhere = sign_in(maya.account)

    change(app, maya, PASSWORD)

    status, problem = ask(app, "get", elsewhere)
    assert (status, problem["code"]) == (401, "session_ended")
    assert redis().run("EXISTS", ended_key(elsewhere.session_id)) == 1
    assert ask(app, "get", maya)[0] == 200


def test_a_wrong_password_changes_nothing_and_is_recorded(
    app: Function, sign_in: SignIn, auth: SupabaseAuth, people: People
) -> None:
    maya = sign_in()

    status, problem = change(app, maya, "wrong")

    assert (status, problem["code"]) == (403, "wrong_password")
    assert logs_in(auth, maya.account, PASSWORD)
    assert ("password_change", "failure", "curl/8.5.0") in attempts(people, maya.id)


def test_a_wrong_password_is_refused_even_where_supabase_auth_does_not_ask(
    app: Function, sign_in: SignIn, auth: SupabaseAuth
) -> None:
    maya = sign_in()

    with auth.settings(require_current_password=False, hook_url=None):
        assert change(app, maya, "wrong")[0] == 403

    assert logs_in(auth, maya.account, PASSWORD)


@pytest.mark.parametrize("case", ["password", "delete"])
def test_a_stolen_token_allows_five_guesses_over_all_networks(
    app: Function, sign_in: SignIn, auth: SupabaseAuth, people: People, case: str
) -> None:
    maya = sign_in()
    fields = {"password": ["current_password"], "delete": ["password"]}[case]
    rest = {"password": NEW_PASSWORD} if case == "password" else {}

    def guess(password: str) -> Any:
        body = rest | dict.fromkeys(fields, password)
        return ask(app, case, maya, body, ip=new_ip())

    assert [guess(f"wrong {n}")[0] for n in range(7)] == [403] * 5 + [429] * 2
    assert guess(PASSWORD)[0] == 429
    assert logs_in(auth, maya.account, PASSWORD), "the owner still gets in"
    assert exists(people, maya)


def test_right_passwords_are_not_limited_as_guesses(app: Function, sign_in: SignIn) -> None:
    maya = sign_in()
    for number in range(8):
        passwords = [PASSWORD, NEW_PASSWORD]
        current, new = passwords[number % 2], passwords[1 - number % 2]
        assert change(app, maya, current, new)[0] == 204


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"current_password": PASSWORD, "password": "short"}, "password"),
        ({"current_password": PASSWORD, "password": "x" * 73}, "password"),
        ({"current_password": PASSWORD, "password": "é" * 37}, "password"),
        ({"current_password": PASSWORD, "password": "with\u0000inside"}, "password"),
        ({"current_password": PASSWORD, "password": "half \ud800 of a pair"}, "password"),
        ({"current_password": "x" * 73, "password": NEW_PASSWORD}, "current_password"),
        ({"current_password": PASSWORD, "password": PASSWORD}, "password"),
        ({"password": NEW_PASSWORD}, "current_password"),
        ({"current_password": PASSWORD, "password": NEW_PASSWORD, "email": "x"}, "email"),
    ],
)
def test_an_impossible_password_is_a_422(
    app: Function, sign_in: SignIn, auth: SupabaseAuth, body: dict[str, str], field: str
) -> None:
    maya = sign_in()

    status, problem = ask(app, "password", maya, body)

    assert (status, [error["field"] for error in problem["errors"]]) == (422, [field])
    assert logs_in(auth, maya.account, PASSWORD)


def test_without_supabase_auth_the_password_stays(
    app: Function, sign_in: SignIn, auth: SupabaseAuth
) -> None:
    maya = sign_in()

    with auth.fault("down"):
        status, problem = change(app, maya, PASSWORD)

    assert (status, problem["code"]) == (503, "dependency_unavailable")
    assert logs_in(auth, maya.account, PASSWORD)


def test_no_answer_and_no_log_shows_a_password(
    app: Function,
    sign_in: SignIn,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    maya = sign_in()
    answers = [
        change(app, maya, "hush-hush-1", "hush-hush-2"),
        ask(app, "password", maya, {"current_password": "hush-hush-3", "password": "hush"}),
        delete(app, maya, "hush-hush-4"),
    ]
    shown = str(answers) + "".join(capsys.readouterr()) + str([vars(r) for r in caplog.records])
    assert "hush" not in shown


def test_a_token_without_a_session_at_supabase_auth_changes_no_password(
    app: Function, people: People, auth: SupabaseAuth
) -> None:
    """The session may have just ended without being marked yet."""
    account = auth.new()

    status, problem = change(app, SignedIn(account, people.token(account.id)), PASSWORD)

    assert (status, problem["code"]) == (401, "session_ended")
    assert logs_in(auth, account, PASSWORD)
