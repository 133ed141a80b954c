"""Rate limits and faults of the stand-in for Supabase Auth."""

import pytest
from supabase_auth.errors import AuthApiError, AuthRetryableError

from tests.support.supabase_auth import PASSWORD, SupabaseAuth, new_email, refusal

_ATTEMPT = {"email": "unknown@example.com", "password": "wrong password"}


def attempts(auth: SupabaseAuth, count: int, **headers: str) -> list[int]:
    path = "/token?grant_type=password"
    return [auth.post(path, _ATTEMPT, **headers).status_code for _ in range(count)]


def test_an_address_signs_in_thirty_times_at_once(auth: SupabaseAuth) -> None:
    with auth.settings(limits=True, token_refresh=1):
        answers = attempts(auth, 32)
        refused = auth.post("/token?grant_type=refresh_token", {"refresh_token": "x"})

    assert answers == [400] * 30 + [429] * 2
    assert refused.json() == {
        "code": 429,
        "error_code": "over_request_rate_limit",
        "msg": "Request rate limit reached",
    }


def test_every_path_has_its_own_bucket(auth: SupabaseAuth) -> None:
    with auth.settings(limits=True, token_refresh=1, token_verifications=1):
        assert attempts(auth, 31)[-1] == 429
        link = {"type": "signup", "token_hash": "unknown"}
        answers = [auth.post("/verify", link).status_code for _ in range(31)]

    assert answers == [403] * 30 + [429]


def test_limits_are_off_unless_a_test_asks_for_them(auth: SupabaseAuth) -> None:
    assert set(attempts(auth, 40)) == {400}


def test_a_secret_key_forwards_the_address_of_a_client(auth: SupabaseAuth) -> None:
    one = auth.secret() | {"sb-forwarded-for": "203.0.113.7"}
    other = auth.secret() | {"sb-forwarded-for": "203.0.113.8, 10.0.0.1"}
    with auth.settings(limits=True, token_refresh=1):
        assert attempts(auth, 31, **one)[-1] == 429
        assert attempts(auth, 1, **other) == [400]
        assert attempts(auth, 1) == [400]


@pytest.mark.parametrize("with_secret_key", [True, False])
def test_a_forwarded_address_counts_only_with_a_secret_key_and_the_switch(
    auth: SupabaseAuth, *, with_secret_key: bool
) -> None:
    key = auth.secret() if with_secret_key else {}
    with auth.settings(limits=True, token_refresh=1, ip_forwarding=not with_secret_key):
        answers = [
            *attempts(auth, 30, **key, **{"sb-forwarded-for": "203.0.113.7"}),
            *attempts(auth, 1, **key, **{"sb-forwarded-for": "203.0.113.8"}),
        ]

    assert answers == [400] * 30 + [429]


def test_a_client_cannot_claim_an_address(auth: SupabaseAuth) -> None:
    account = auth.new()
    claimed = {"sb-forwarded-for": "203.0.113.7", "x-forwarded-for": "203.0.113.7"}
    auth.post("/token?grant_type=password", account.credentials, **claimed)

    row = auth.database.execute(
        "select host(ip) from auth.sessions where user_id = %s", (account.id,)
    ).fetchone()
    assert row == ("127.0.0.1",)


def test_a_session_has_the_forwarded_address(auth: SupabaseAuth) -> None:
    account = auth.new()
    forwarded = auth.secret() | {"sb-forwarded-for": "2001:db8::7"}
    auth.post("/token?grant_type=password", account.credentials, **forwarded)

    row = auth.database.execute(
        "select host(ip) from auth.sessions where user_id = %s", (account.id,)
    ).fetchone()
    assert row == ("2001:db8::7",)


def test_the_emails_of_a_project_are_limited_per_hour(auth: SupabaseAuth) -> None:
    with auth.settings(limits=True, email_sent=2):
        for _ in range(2):
            auth.client().auth.sign_up({"email": new_email(), "password": PASSWORD})
        with pytest.raises(AuthApiError) as caught:
            auth.client().auth.sign_up({"email": new_email(), "password": PASSWORD})

    assert refusal(caught) == (429, "over_email_send_rate_limit")


def test_an_auth_server_that_is_down_is_a_retryable_error(auth: SupabaseAuth) -> None:
    account, client = auth.new(), auth.client()
    with auth.fault("down", match=account.email), pytest.raises(AuthRetryableError) as caught:
        client.auth.sign_in_with_password(account.credentials)

    assert caught.value.status == 503
    assert client.auth.sign_in_with_password(account.credentials).session


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("rate_limited", (429, "over_request_rate_limit")),
        ("error_500", (500, "unexpected_failure")),
    ],
)
def test_a_fault_affects_the_requested_number_of_requests(
    auth: SupabaseAuth, mode: str, expected: tuple[int, str]
) -> None:
    account, client = auth.new(), auth.client()
    with auth.fault(mode, count=1, match=account.email):
        with pytest.raises(AuthApiError) as caught:
            client.auth.sign_in_with_password(account.credentials)
        assert client.auth.sign_in_with_password(account.credentials).session

    assert refusal(caught) == expected


def test_a_lost_response_was_carried_out(auth: SupabaseAuth) -> None:
    account, client = auth.new(), auth.client()
    with (
        auth.fault("lost_response", match=account.email),
        pytest.raises(AuthRetryableError),
    ):
        client.auth.sign_in_with_password(account.credentials)

    assert len(auth.sessions(account.id)) == 1


def test_a_slow_answer_still_arrives(auth: SupabaseAuth) -> None:
    account = auth.new()
    with auth.fault("slow", count=1, seconds=0.05, match=account.email):
        answer = auth.post("/token?grant_type=password", account.credentials)
        waiting = auth.sandbox.get("/_sandbox/faults").json()

    assert answer.status_code == 200
    assert waiting == []


@pytest.mark.parametrize(
    "fault", [{"mode": "odd"}, {"mode": "down", "count": 0}, {"mode": "slow", "seconds": "x"}]
)
def test_a_fault_that_does_not_exist_is_refused(
    auth: SupabaseAuth, fault: dict[str, object]
) -> None:
    assert auth.sandbox.post("/_sandbox/faults", json=fault).status_code == 400


@pytest.mark.parametrize("wanted", [{"odd": 1}, {"limits": "yes"}, {"jwt_expiry": True}])
def test_a_setting_that_does_not_exist_is_refused(
    auth: SupabaseAuth, wanted: dict[str, object]
) -> None:
    before = auth.sandbox.get("/_sandbox/settings").json()

    assert auth.sandbox.post("/_sandbox/settings", json=wanted).status_code == 400
    assert auth.sandbox.get("/_sandbox/settings").json() == before
