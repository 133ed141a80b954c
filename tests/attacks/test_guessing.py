"""Guessing passwords is slow, and does not lock the owner out of other networks."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from tests.support.accounts import Load, Waiting, new_ip, post
from tests.support.functions import Function
from tests.support.supabase_auth import PASSWORD, SupabaseAuth, new_email
from wingman.kit.http.proofs import MAX_BYTES
from wingman.kit.limits.limits import AUTH, PROOF
from wingman.kit.resilience.retry import pausing_with

pytestmark = pytest.mark.usefixtures("no_hook")

WRONG = "wrong"


@pytest.fixture(autouse=True)
def _impatient() -> Iterator[None]:
    """Skip the pause before each refusal."""
    with pausing_with(lambda _: None):
        yield


@pytest.fixture
def refill(stack: dict[str, str]) -> Iterator[Callable[[str], None]]:
    """Return a step that refills the bucket of a network, as time would."""
    with Redis.from_url(stack["REDIS_URL"]) as redis:
        yield lambda ip: redis.delete(AUTH.key(ip))


def guess(app: Function, email: str, ip: str, password: str = WRONG) -> int:
    return post(app, "log_in", {"email": email, "password": password}, ip=ip)[0]


def test_a_network_has_ten_attempts_at_once(function: Load, auth: SupabaseAuth) -> None:
    app, ip = function("accounts"), new_ip()

    answers = [guess(app, new_email(), ip) for _ in range(AUTH.capacity + 1)]

    assert answers == [401] * AUTH.capacity + [429]


def test_an_account_has_ten_wrong_passwords_from_one_network_however_long_it_waits(
    function: Load, auth: SupabaseAuth, refill: Callable[[str], None]
) -> None:
    maya, app, ip = auth.new(), function("accounts"), new_ip()
    answers = []
    for _ in range(PROOF.capacity + 2):
        refill(ip)
        answers.append(guess(app, maya.email, ip))

    assert answers == [401] * PROOF.capacity + [429] * 2
    # The right password is refused there too, so a correct guess reveals nothing.
    assert guess(app, maya.email, ip, PASSWORD) == 429
    assert guess(app, maya.email.upper(), ip) == 429


def test_the_owner_gets_in_from_another_network(
    function: Load, auth: SupabaseAuth, refill: Callable[[str], None]
) -> None:
    maya, app, strangers = auth.new(), function("accounts"), new_ip()
    for _ in range(PROOF.capacity + 1):
        refill(strangers)
        guess(app, maya.email, strangers)

    assert guess(app, maya.email, new_ip(), PASSWORD) == 200


def test_another_account_is_not_locked_by_failures_in_its_network(
    function: Load, auth: SupabaseAuth, refill: Callable[[str], None]
) -> None:
    maya, leo, app, ip = auth.new(), auth.new(), function("accounts"), new_ip()
    for _ in range(PROOF.capacity + 1):
        refill(ip)
        guess(app, maya.email, ip)
    refill(ip)

    fresh = function("accounts")  # this container does not remember the network's refusal
    assert guess(fresh, leo.email, ip, PASSWORD) == 200


def test_right_passwords_use_up_no_attempt(
    function: Load, auth: SupabaseAuth, refill: Callable[[str], None]
) -> None:
    maya, app, ip = auth.new(), function("accounts"), new_ip()

    for _ in range(2 * PROOF.capacity):
        refill(ip)
        assert guess(app, maya.email, ip, PASSWORD) == 200


def test_an_unknown_address_is_limited_like_a_known_one(
    function: Load, auth: SupabaseAuth, refill: Callable[[str], None]
) -> None:
    email, app, ip = new_email(), function("accounts"), new_ip()
    answers = []
    for _ in range(PROOF.capacity + 1):
        refill(ip)
        answers.append(guess(app, email, ip))

    assert answers == [401] * PROOF.capacity + [429]


def test_an_outage_uses_up_no_attempt(
    function: Load, auth: SupabaseAuth, refill: Callable[[str], None], stack: dict[str, str]
) -> None:
    maya, app, ip = auth.new(), function("accounts"), new_ip()
    with auth.fault("rate_limited"):
        for _ in range(2 * PROOF.capacity):
            refill(ip)
            assert guess(app, maya.email, ip, PASSWORD) == 429
            with Redis.from_url(stack["REDIS_URL"]) as redis:
                redis.delete("breaker:auth")

    refill(ip)
    assert guess(app, maya.email, ip, PASSWORD) == 200


@pytest.mark.parametrize("case", ["log_in", "register", "forgot"])
def test_a_huge_body_is_refused_before_it_is_parsed(
    function: Load, waiting: Waiting, calls: list[str], case: str
) -> None:
    app = waiting.accounts(function)
    body = {"email": "maya@example.com", "password": "x" * MAX_BYTES}

    status, problem = post(app, case, body)

    assert (status, problem["code"]) == (413, "payload_too_large")
    assert [call for call in calls if "auth" in call] == []


@pytest.mark.parametrize("case", ["log_in", "register", "forgot"])
def test_a_refused_network_costs_no_call(
    function: Load, waiting: Waiting, calls: list[str], case: str
) -> None:
    app, ip = waiting.accounts(function), new_ip()
    body = {"email": new_email(), "password": PASSWORD}
    if case == "forgot":
        del body["password"]
    for _ in range(AUTH.capacity + 1):
        post(app, case, body, ip=ip)
    calls.clear()

    assert post(app, case, body, ip=ip)[0] == 429
    assert calls == []
