"""The doctor's checks of pushes, connections and error reports, against the running stack."""

import json
from collections.abc import Callable

import pytest

from local.doctor import channels
from local.doctor.findings import Finding, Findings, Level
from tests.support.functions import Function
from wingman.kit import settings

Set = Callable[..., None]


@pytest.fixture
def given(
    function: Callable[..., Function], stack: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Set:
    """Set the variables of the stack, and others."""
    function("coach")

    def give(**changed: str) -> None:
        for name, value in (stack | {"ENABLE_PUSH": "true"} | changed).items():
            monkeypatch.setenv(name, value)
        settings._load.cache_clear()

    return give


def found(check: Callable[[], Findings]) -> Finding:
    [finding] = check()
    return finding


def test_a_key_that_google_accepts_passes(given: Set) -> None:
    given()

    assert found(channels.check_push).level is Level.OK


def test_a_key_of_another_account_is_refused(given: Set, stack: dict[str, str]) -> None:
    account = json.loads(stack["FCM_SERVICE_ACCOUNT"]) | {"client_email": "other@example.com"}
    given(FCM_SERVICE_ACCOUNT=json.dumps(account))

    refused = found(channels.check_push)

    assert (refused.level, "gives no token" in refused.text) == (Level.FAIL, True)


def test_a_key_that_was_cut_is_named(given: Set, stack: dict[str, str]) -> None:
    account = json.loads(stack["FCM_SERVICE_ACCOUNT"]) | {"private_key": "-----BEGIN"}
    given(FCM_SERVICE_ACCOUNT=json.dumps(account))

    assert "cannot be read" in found(channels.check_push).text


def test_pushes_that_are_off_are_a_warning(given: Set) -> None:
    given(ENABLE_PUSH="false")

    assert found(channels.check_push).level is Level.WARN


def test_the_websocket_api_refuses_the_doctor(given: Set) -> None:
    given()

    assert found(channels.check_realtime).level is Level.OK


def test_a_wrong_websocket_address_fails(given: Set, stack: dict[str, str]) -> None:
    given(REALTIME_URL=stack["API_URL"].replace("http", "ws", 1) + "/health")

    assert found(channels.check_realtime).level is Level.FAIL


def test_a_project_for_reports_is_optional(given: Set) -> None:
    given()
    assert found(channels.check_reports).level is Level.OK
    given(SENTRY_DSN="")
    assert found(channels.check_reports).level is Level.WARN
