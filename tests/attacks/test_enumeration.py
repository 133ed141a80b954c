"""Neither an answer nor its time shows whether an address has an account."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.accounts import Load, Waiting, new_ip
from tests.support.functions import Function
from tests.support.supabase_auth import PASSWORD, SupabaseAuth, new_email
from tests.support.timing import SIGNIFICANT, indistinguishable, p_value, worked

pytestmark = pytest.mark.usefixtures("no_hook")

Ask = Callable[[str], dict[str, Any]]


def asking(app: Function, case: str, **fields: str) -> Ask:
    """Return a request about an address, each from a network of its own."""

    def ask(email: str) -> dict[str, Any]:
        event = app.event(case)
        event["requestContext"]["http"]["sourceIp"] = new_ip()
        event["body"] = json.dumps({"email": email, **fields})
        answer: dict[str, Any] = app.invoke(event)
        return answer

    return ask


def shown(answer: dict[str, Any]) -> tuple[Any, ...]:
    body = json.loads(answer["body"])
    body.pop("request_id", None)
    headers = {n: v for n, v in answer["headers"].items() if n != "x-request-id"}
    return answer["statusCode"], body, headers


@pytest.fixture
def log_in(function: Load) -> Ask:
    return asking(function("accounts"), "log_in", password="wrong password")


@pytest.fixture
def register(function: Load, waiting: Waiting) -> Ask:
    return asking(waiting.accounts(function), "register", password=PASSWORD)


@pytest.fixture
def forget(function: Load, waiting: Waiting) -> Ask:
    return asking(waiting.accounts(function), "forgot")


@pytest.mark.parametrize("way", ["log_in", "register", "forget"])
def test_answers_are_the_same_for_a_known_and_an_unknown_address(
    auth: SupabaseAuth, request: pytest.FixtureRequest, way: str
) -> None:
    ask: Ask = request.getfixturevalue(way)
    unconfirmed = new_email()
    auth.client().auth.sign_up({"email": unconfirmed, "password": PASSWORD})

    known, unknown, new = map(shown, map(ask, (auth.new().email, new_email(), unconfirmed)))

    assert known == unknown == new


@pytest.mark.alone
@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", ["log_in", "register", "forget"])
def test_times_are_the_same_for_a_known_and_an_unknown_address(
    auth: SupabaseAuth, request: pytest.FixtureRequest, way: str
) -> None:
    ask: Ask = request.getfixturevalue(way)
    known = auth.new().email
    # Always the same address: repeating a request makes it faster, whether known or not.
    unknown = new_email()
    worked(lambda: ask(known)), worked(lambda: ask(unknown))

    assert indistinguishable(lambda: ask(known), lambda: ask(unknown))


@pytest.mark.alone
def test_without_the_pause_the_time_of_a_login_shows_an_account(
    auth: SupabaseAuth, log_in: Ask
) -> None:
    known = auth.new().email
    pairs = [
        (worked(lambda: log_in(known))[0], worked(lambda: log_in(new_email()))[0])
        for _ in range(20)
    ]

    assert p_value(*zip(*pairs, strict=True)) < SIGNIFICANT


@pytest.mark.alone
@pytest.mark.timeout(600)
def test_times_are_the_same_for_an_expired_and_an_unknown_link(
    function: Load, auth: SupabaseAuth
) -> None:
    maya, app = auth.new(), function("account_links")
    auth.client().auth.reset_password_for_email(maya.email)
    expired = auth.link(maya.email, "recovery_token")
    auth.age(maya.id, 3601)

    def reset(token: str) -> None:
        event = app.event("reset", token_hash=token)
        event["requestContext"]["http"]["sourceIp"] = new_ip()
        assert app.invoke(event)["statusCode"] == 400

    assert indistinguishable(lambda: reset(expired), lambda: reset("f" * 56))


@pytest.mark.parametrize(
    ("ones", "others", "expected"),
    [
        ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 0.012186),  # R: wilcox.test(1:5, 6:10, exact = FALSE)
        ([1, 1, 2, 2], [1, 1, 2, 2], 1.0),
    ],
)
def test_the_measure_is_that_of_mann_and_whitney(
    ones: list[float], others: list[float], expected: float
) -> None:
    assert min(p_value(ones, others), 1.0) == pytest.approx(expected, abs=1e-5)
