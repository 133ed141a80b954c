"""Accounts in the stand-in for Supabase Auth, driven by the vendor's own client."""

from datetime import UTC, datetime

import httpx
import jwt
import pytest
from supabase_auth.errors import AuthApiError, AuthWeakPasswordError

from local import greeting
from tests.support.supabase_auth import PASSWORD, SupabaseAuth, new_email, refusal


def test_a_new_user_has_no_session_before_the_confirmation(auth: SupabaseAuth) -> None:
    email, client = new_email(), auth.client()

    made = client.auth.sign_up({"email": email, "password": PASSWORD})

    assert made.session is None
    assert made.user
    assert (made.user.email, made.user.email_confirmed_at) == (email, None)
    assert made.user.identities
    assert made.user.identities[0].provider == "email"
    with pytest.raises(AuthApiError) as caught:
        client.auth.sign_in_with_password({"email": email, "password": PASSWORD})
    assert refusal(caught) == (400, "email_not_confirmed")


def test_a_link_confirms_a_user_and_signs_in(auth: SupabaseAuth) -> None:
    email, client = new_email(), auth.client()
    client.auth.sign_up({"email": email, "password": PASSWORD})

    answer = client.auth.verify_otp(
        {"type": "signup", "token_hash": auth.link(email, "confirmation_token")}
    )

    assert answer.session
    assert answer.user
    assert answer.user.email_confirmed_at is not None
    assert client.auth.sign_in_with_password({"email": email, "password": PASSWORD}).session


def test_a_project_without_confirmations_signs_a_new_user_in(auth: SupabaseAuth) -> None:
    email, client = new_email(), auth.client()
    with auth.settings(enable_confirmations=False):
        made = client.auth.sign_up(
            {"email": email, "password": PASSWORD, "options": {"data": {"first_name": "Ada"}}}
        )
        with pytest.raises(AuthApiError) as caught:
            client.auth.sign_up({"email": email, "password": PASSWORD})

    assert made.session
    assert made.user
    assert made.user.user_metadata["first_name"] == "Ada"
    assert refusal(caught) == (422, "user_already_exists")


def test_the_profile_comes_with_the_account(auth: SupabaseAuth) -> None:
    with auth.settings(enable_confirmations=False):
        made = auth.client().auth.sign_up(
            {"email": new_email(), "password": PASSWORD, "options": {"data": {"first_name": "Ada"}}}
        )

    assert made.user
    row = auth.database.execute(
        "select first_name, email from public.user_profiles where id = %s", (made.user.id,)
    ).fetchone()
    assert row == ("Ada", made.user.email)


def test_a_known_address_looks_like_a_new_one(auth: SupabaseAuth) -> None:
    account = auth.new()
    known = auth.post("/signup", account.credentials).json()
    new = auth.post("/signup", {"email": new_email(), "password": PASSWORD}).json()

    assert known["id"] != str(account.id)
    assert known["identities"] == []
    assert set(known) == set(new)


def test_another_registration_replaces_the_link_but_not_the_password(auth: SupabaseAuth) -> None:
    email, client = new_email(), auth.client()
    made = client.auth.sign_up({"email": email, "password": PASSWORD})
    assert made.user
    first = auth.link(email, "confirmation_token")
    with pytest.raises(AuthApiError) as caught:
        client.auth.sign_up({"email": email, "password": "another password"})
    assert refusal(caught) == (429, "over_email_send_rate_limit")

    auth.age(made.user.id, 61)
    client.auth.sign_up({"email": email, "password": "another password"})

    with pytest.raises(AuthApiError) as caught:
        client.auth.verify_otp({"type": "signup", "token_hash": first})
    assert refusal(caught) == (403, "otp_expired")
    client.auth.verify_otp({"type": "signup", "token_hash": auth.link(email, "confirmation_token")})
    with pytest.raises(AuthApiError) as caught:
        client.auth.sign_in_with_password({"email": email, "password": "another password"})
    assert refusal(caught) == (400, "invalid_credentials")
    assert client.auth.sign_in_with_password({"email": email, "password": PASSWORD}).session


@pytest.mark.parametrize(
    ("email", "password", "expected"),
    [
        ("no address", PASSWORD, (400, "validation_failed")),
        ("maya@exämple.com", PASSWORD, (400, "validation_failed")),
        ("\u212aim@example.com", PASSWORD, (400, "validation_failed")),
        ("maya@example.com", "x" * 73, (400, "validation_failed")),
    ],
)
def test_an_odd_address_or_a_long_password_is_refused(
    auth: SupabaseAuth, email: str, password: str, expected: tuple[int, str]
) -> None:
    with pytest.raises(AuthApiError) as caught:
        auth.client().auth.sign_up({"email": email, "password": password})

    assert refusal(caught) == expected


def test_a_short_password_is_weak(auth: SupabaseAuth) -> None:
    with pytest.raises(AuthWeakPasswordError) as caught:
        auth.client().auth.sign_up({"email": new_email(), "password": "1234567"})

    assert (caught.value.status, caught.value.reasons) == (422, ["length"])


def test_an_unknown_address_and_a_wrong_password_get_one_answer(auth: SupabaseAuth) -> None:
    account = auth.new()
    answers = [
        auth.post("/token?grant_type=password", {"email": email, "password": "wrong password"})
        for email in (account.email, new_email())
    ]

    assert answers[0].status_code == 400
    assert answers[0].json() == answers[1].json()
    assert answers[0].json() == {
        "code": 400,
        "error_code": "invalid_credentials",
        "msg": "Invalid login credentials",
    }


def test_an_access_token_says_who_how_and_for_how_long(
    auth: SupabaseAuth, stack: dict[str, str]
) -> None:
    account, client = auth.new(app_metadata={"plan": "free"}), auth.client()
    session = client.auth.sign_in_with_password(account.credentials).session
    assert session
    key = jwt.PyJWKClient(f"{auth.url}/.well-known/jwks.json").get_signing_key_from_jwt(
        session.access_token
    )

    claims = jwt.decode(
        *(session.access_token, key),
        algorithms=["ES256"],
        audience="authenticated",
        issuer=auth.url,
    )

    assert claims["sub"] == str(account.id)
    assert (claims["role"], claims["aal"], claims["is_anonymous"]) == (
        *("authenticated", "aal1"),
        False,
    )
    assert claims["app_metadata"] == {"plan": "free", "provider": "email", "providers": ["email"]}
    assert [method["method"] for method in claims["amr"]] == ["password"]
    assert claims["exp"] - claims["iat"] == session.expires_in == 3600
    assert session.expires_at == claims["exp"]
    assert {claims["session_id"]} == auth.sessions(account.id)
    assert client.auth.get_claims()["claims"]["sub"] == str(account.id)  # type: ignore[index]


def test_a_session_keeps_the_clients_address_and_user_agent(auth: SupabaseAuth) -> None:
    account = auth.new()
    auth.post("/token?grant_type=password", account.credentials, **{"user-agent": "Tests/1"})

    row = auth.database.execute(
        "select host(ip), user_agent, aal::text from auth.sessions where user_id = %s",
        (account.id,),
    ).fetchone()
    assert row == ("127.0.0.1", "Tests/1", "aal1")


def test_a_password_change_ends_the_other_sessions(auth: SupabaseAuth) -> None:
    account, here, there = auth.new(), auth.client(), auth.client()
    for client in (here, there):
        client.auth.sign_in_with_password(account.credentials)

    here.auth.update_user({"password": "another password", "current_password": PASSWORD})

    assert here.auth.get_user()
    with pytest.raises(AuthApiError) as caught:
        there.auth.get_user()
    assert refusal(caught) == (403, "session_not_found")
    assert here.auth.sign_in_with_password(
        {"email": account.email, "password": "another password"}
    ).session


@pytest.mark.parametrize(
    ("known", "code"),
    [({}, "current_password_required"), ({"current_password": "x"}, "current_password_invalid")],
)
def test_a_stolen_token_is_not_enough_to_change_the_password(
    auth: SupabaseAuth, known: dict[str, str], code: str
) -> None:
    account, client = auth.new(), auth.client()
    client.auth.sign_in_with_password(account.credentials)

    with pytest.raises(AuthApiError) as caught:
        client.auth.update_user({"password": "another password", **known})  # type: ignore[typeddict-item]

    assert refusal(caught) == (400, code)
    assert client.auth.sign_in_with_password(account.credentials).session


def test_the_same_password_is_no_change(auth: SupabaseAuth) -> None:
    account, client = auth.new(), auth.client()
    client.auth.sign_in_with_password(account.credentials)

    with pytest.raises(AuthApiError) as caught:
        client.auth.update_user({"password": PASSWORD, "current_password": PASSWORD})

    assert refusal(caught) == (422, "same_password")


def test_users_change_their_metadata_but_no_rights(auth: SupabaseAuth) -> None:
    account, client = auth.new(), auth.client()
    client.auth.sign_in_with_password(account.credentials)

    changed = client.auth.update_user({"data": {"first_name": "Ada", "email_verified": None}})
    token = client.auth.get_session().access_token  # type: ignore[union-attr]
    answer = auth.post("/user", {})

    assert changed.user.user_metadata["first_name"] == "Ada"
    assert "email_verified" not in changed.user.user_metadata
    assert token
    assert answer.status_code == 405


def test_a_token_without_a_user_is_refused(auth: SupabaseAuth) -> None:
    account, client = auth.new(), auth.client()
    client.auth.sign_in_with_password(account.credentials)
    auth.admin().delete_user(str(account.id))

    with pytest.raises(AuthApiError) as caught:
        client.auth.get_user()
    assert refusal(caught) == (403, "user_not_found")
    with pytest.raises(AuthApiError) as caught:
        client.auth.get_user("not.a.token")
    assert refusal(caught) == (403, "bad_jwt")


def test_a_banned_user_neither_signs_in_nor_refreshes(auth: SupabaseAuth) -> None:
    account, client = auth.new(), auth.client()
    client.auth.sign_in_with_password(account.credentials)

    banned = auth.admin().update_user_by_id(str(account.id), {"ban_duration": "24h"}).user

    assert datetime.fromisoformat(banned.banned_until) > datetime.now(tz=UTC)
    with pytest.raises(AuthApiError) as caught:
        client.auth.refresh_session()
    assert refusal(caught) == (400, "refresh_token_not_found")  # our trigger has ended the session
    with pytest.raises(AuthApiError) as caught:
        client.auth.sign_in_with_password(account.credentials)
    assert refusal(caught) == (400, "user_banned")

    auth.admin().update_user_by_id(str(account.id), {"ban_duration": "none"})
    assert client.auth.sign_in_with_password(account.credentials).session


@pytest.mark.parametrize("email", ["maya@example.com", "leo@example.com"])
def test_the_demo_users_sign_in(auth: SupabaseAuth, email: str) -> None:
    demo = {"email": email, "password": greeting.PASSWORD}

    assert auth.post("/token?grant_type=password", demo).status_code == 200


def test_settings_and_health_say_what_the_project_is(auth: SupabaseAuth) -> None:
    key = auth.secret()
    shown = httpx.get(f"{auth.url}/settings", headers=key).json()
    assert (shown["disable_signup"], shown["mailer_autoconfirm"]) == (False, False)
    assert httpx.get(f"{auth.url}/health", headers=key).json()["name"] == "GoTrue"
    assert httpx.get(f"{auth.url}/health").status_code == 401
