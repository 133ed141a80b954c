"""Rules of the stand-in for Supabase Auth, and the settings that it shares with a project."""

import tomllib
from dataclasses import asdict
from typing import NoReturn

import psycopg
import pytest
from starlette.testclient import TestClient

from local.auth.application import stand_in
from local.auth.faults import Faults
from local.auth.hook import signed
from local.auth.limits import BURST, Limits
from local.auth.links import token_hash
from local.auth.project import Project
from local.auth.refusal import Refusal
from local.auth.settings import configured, duration
from local.auth.users import checked_email
from local.stack import CHECKOUT
from local.tokens import new_key

CONFIG = tomllib.loads((CHECKOUT / "supabase" / "config.toml").read_text())["auth"]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def charged(limits: Limits, address: str, times: int, rate: int = 30) -> int:
    """Return how many of the requests pass."""
    passed = 0
    for _ in range(times):
        try:
            limits.charge("/token", address, rate)
        except Refusal:
            continue
        passed += 1
    return passed


def test_a_hook_is_signed_as_the_standard_says() -> None:
    # https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    headers = signed(
        "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        '{"test": 2432232314}',
        1614265330,
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_bucket_is_full_again_after_five_minutes() -> None:
    clock = Clock()
    limits = Limits(clock)

    assert charged(limits, "192.0.2.1", BURST + 5) == BURST
    assert charged(limits, "192.0.2.2", 1) == 1
    clock.now = 10
    assert charged(limits, "192.0.2.1", 5) == 1
    clock.now = 400
    assert charged(limits, "192.0.2.1", BURST + 5) == BURST


def test_refreshes_pass_one_every_two_seconds_after_a_burst() -> None:
    clock = Clock()
    limits = Limits(clock)
    charged(limits, "192.0.2.1", BURST, rate=150)
    clock.now = 10

    assert charged(limits, "192.0.2.1", 10, rate=150) == 5


def test_emails_are_counted_for_the_project() -> None:
    clock = Clock()
    limits = Limits(clock)
    limits.charge_email(2)
    limits.charge_email(2)
    with pytest.raises(Refusal) as caught:
        limits.charge_email(2)
    clock.now = 1800

    limits.charge_email(2)

    assert caught.value.code == "over_email_send_rate_limit"


@pytest.mark.parametrize(
    ("version", "shape"),
    [
        (None, {"code": 500, "error_code": "unexpected_failure"}),
        ("2024-01-01", {"code": "unexpected_failure"}),
    ],
)
def test_a_database_that_is_down_is_a_server_error(
    version: str | None, shape: dict[str, object]
) -> None:
    def connect() -> NoReturn:
        raise psycopg.OperationalError("away")

    settings = configured(CHECKOUT, hook_url=None)
    project = Project("http://127.0.0.1", new_key(), "v1,whsec_AAAA", settings, Limits())
    headers = {"x-supabase-api-version": version} if version else {}
    with TestClient(stand_in(project, connect)) as client:
        body = {"email": "maya@example.com"}
        answer = client.post("/auth/v1/recover", json=body, headers=headers)
        odd = client.post("/auth/v1/recover", content="[]", headers=headers)

    assert answer.status_code == 500
    assert shape.items() <= answer.json().items()
    assert odd.status_code == 400
    assert "bad_json" in odd.json().values()


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("24h", 86_400), ("1m30s", 90), ("0s", 0)]
)
def test_durations_are_those_of_go(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "60", "s", "1 h", "1h x", "-1h"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(Refusal):
        duration(text)


@pytest.mark.parametrize(
    "email",
    ["", "a", "a@", "@b.c", "a b@c.d", "a@b..c", "a@-b.c", "\u212a@b.c", f"{'a' * 250}@b.cde"],
)
def test_an_odd_address_is_refused(email: str) -> None:
    with pytest.raises(Refusal) as caught:
        checked_email(email)

    assert (caught.value.status, caught.value.code) == (400, "validation_failed")


def test_an_address_is_stored_in_lower_case() -> None:
    assert checked_email("Maya+Dog@Example.COM") == "maya+dog@example.com"


def test_a_link_is_the_hash_of_address_and_digits() -> None:
    # printf 'maya@example.com123456' | sha224sum
    expected = "8f60b0ba9575a70f0eda6c04d32315187c6869b10e4b6d94340ec7df"

    assert token_hash("maya@example.com", "123456") == expected


def test_faults_apply_in_order_to_matching_requests() -> None:
    faults = Faults()
    faults.add({"mode": "down", "count": 1, "match": "maya"})
    faults.add({"mode": "rate_limited", "count": 1, "match": "/token"})

    assert faults.take("/auth/v1/user", "") is None
    met = [faults.take("/auth/v1/token", "maya@example.com") for _ in range(3)]

    assert [fault and fault.mode for fault in met] == ["down", "rate_limited", None]


def test_the_stand_in_behaves_as_a_project_after_config_push() -> None:
    settings = asdict(configured(CHECKOUT, hook_url=None))
    pushed = CONFIG | CONFIG["email"] | CONFIG["rate_limit"]

    shared = settings.keys() & pushed.keys()
    assert {"jwt_expiry", "refresh_token_reuse_interval", "minimum_password_length"} <= shared
    assert {"double_confirm_changes", "enable_confirmations", "otp_expiry"} <= shared
    for name in shared - {"max_frequency", "additional_redirect_urls"}:
        assert settings[name] == pushed[name]
    assert settings["max_frequency"] == 60
    assert (settings["limits"], settings["hook_url"]) == (False, None)


def test_a_project_is_set_as_the_contract_says() -> None:
    assert CONFIG["minimum_password_length"] == 8
    assert CONFIG["refresh_token_reuse_interval"] == 10
    assert CONFIG["enable_refresh_token_rotation"]
    assert CONFIG["email"]["enable_confirmations"]
    assert CONFIG["email"]["double_confirm_changes"]
    assert CONFIG["email"]["require_current_password"]
    assert CONFIG["email"]["otp_expiry"] == CONFIG["jwt_expiry"] == 3600
    hook = CONFIG["hook"]["send_email"]
    assert hook["enabled"]
    assert hook["uri"].endswith("/webhooks/auth-email")
    assert hook["secrets"] == "env(AUTH_EMAIL_HOOK_SECRET)"
