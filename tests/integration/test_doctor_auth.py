"""`make doctor` on a project's Supabase Auth, here on the stand-in as a test sets it."""

from collections.abc import Callable

import pytest

from local.doctor.auth import check_auth, check_hook
from local.doctor.findings import Finding, Level
from tests.support.receiver import Receiver
from tests.support.supabase_auth import SupabaseAuth

Check = Callable[..., list[Finding]]


@pytest.fixture
def check(stack: dict[str, str], monkeypatch: pytest.MonkeyPatch, fresh_container: None) -> Check:
    def run(**changes: str) -> list[Finding]:
        for name, value in (stack | {"ENVIRONMENT": "staging"} | changes).items():
            monkeypatch.setenv(name, value)
        return list(check_auth())

    return run


def test_a_project_configured_by_config_push_passes(auth: SupabaseAuth, check: Check) -> None:
    with auth.settings(limits=True, token_refresh=1):
        confirmation, forwarding = check()

    assert (confirmation.level, forwarding.level) == (Level.OK, Level.OK)
    assert "confirm the address" in confirmation.text
    assert "address of a client" in forwarding.text


def test_a_project_that_trusts_unconfirmed_addresses_fails(
    auth: SupabaseAuth, check: Check
) -> None:
    with auth.settings(enable_confirmations=False):
        confirmation, _ = check(ENVIRONMENT="local")

    assert confirmation.level is Level.FAIL
    assert "config push" in confirmation.advice


def test_a_project_that_confirms_addresses_unexpectedly_fails(check: Check) -> None:
    confirmation, _ = check(ENVIRONMENT="local", CONFIRM_ADDRESSES="false")

    assert confirmation.level is Level.FAIL
    assert "set it to true" in confirmation.advice


def test_a_project_without_registration_is_a_warning(auth: SupabaseAuth, check: Check) -> None:
    with auth.settings(enable_signup=False):
        _, registration, _ = check(ENVIRONMENT="local")

    assert registration.level is Level.WARN


def test_a_project_that_counts_our_functions_as_one_client_fails(
    auth: SupabaseAuth, check: Check
) -> None:
    with auth.settings(limits=True, token_refresh=1, ip_forwarding=False):
        _, forwarding = check()

    assert forwarding.level is Level.FAIL
    assert "IP address forwarding" in forwarding.advice


def test_a_project_without_limits_cannot_be_judged(auth: SupabaseAuth, check: Check) -> None:
    _, forwarding = check()

    assert forwarding.level is Level.WARN


def test_a_key_that_is_refused_fails(check: Check) -> None:
    (answer,) = check(SUPABASE_PUBLISHABLE_KEY="sb_publishable_no")

    assert answer.level is Level.FAIL
    assert "401" in answer.text


_TAKEN = (200, {"content-type": "application/json"})
_REFUSED = (401, {"content-type": "application/problem+json"})


@pytest.mark.parametrize(
    ("signed", "unsigned", "level", "words"),
    [
        (_TAKEN, _REFUSED, Level.OK, "AUTH_EMAIL_HOOK_SECRET signs"),
        (_REFUSED, _REFUSED, Level.FAIL, "another AUTH_EMAIL_HOOK_SECRET"),
        ((404, {}), (404, {}), Level.FAIL, "answers 404"),
        (_TAKEN, _TAKEN, Level.FAIL, "without a signature"),
    ],
)
def test_a_hook_accepts_only_signed_requests(
    stack: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    fresh_container: None,
    signed: tuple[int, dict[str, str]],
    unsigned: tuple[int, dict[str, str]],
    level: Level,
    words: str,
) -> None:
    with Receiver() as receiver:
        receiver.answers = [signed, unsigned]
        monkeypatch.setenv("API_URL", receiver.url.removesuffix("/webhooks/auth-email"))
        monkeypatch.setenv("AUTH_EMAIL_HOOK_SECRET", stack["AUTH_EMAIL_HOOK_SECRET"])
        (found,) = check_hook()

    assert (found.level, len(receiver.requests)) == (level, 2)
    assert words in found.text


def test_without_an_address_the_hook_is_not_asked(
    stack: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("API_URL", raising=False)

    (found,) = check_hook()

    assert found.level is Level.WARN
