"""Links of emails in the stand-in for Supabase Auth: each works once and for an hour."""

from typing import Any

import pytest
from supabase_auth.errors import AuthApiError

from supabase import Client
from tests.support.supabase_auth import PASSWORD, Account, SupabaseAuth, new_email, refusal


@pytest.fixture
def account(auth: SupabaseAuth) -> Account:
    return auth.new()


def use(client: Client, kind: Any, token_hash: str) -> Any:
    return client.auth.verify_otp({"type": kind, "token_hash": token_hash})


def test_a_forgotten_password_is_reset_by_a_link(auth: SupabaseAuth, account: Account) -> None:
    client, other = auth.client(), auth.client()
    other.auth.sign_in_with_password(account.credentials)
    client.auth.reset_password_for_email(account.email)

    use(client, "recovery", auth.link(account.email, "recovery_token"))
    client.auth.update_user({"password": "another password"})

    assert len(auth.sessions(account.id)) == 1
    with pytest.raises(AuthApiError):
        client.auth.sign_in_with_password(account.credentials)
    assert client.auth.sign_in_with_password(
        {"email": account.email, "password": "another password"}
    ).session


def test_a_link_works_once(auth: SupabaseAuth, account: Account) -> None:
    client = auth.client()
    client.auth.reset_password_for_email(account.email)
    link = auth.link(account.email, "recovery_token")
    use(client, "recovery", link)

    with pytest.raises(AuthApiError) as caught:
        use(client, "recovery", link)

    assert refusal(caught) == (403, "otp_expired")


def test_a_link_of_another_kind_does_not_work(auth: SupabaseAuth, account: Account) -> None:
    client = auth.client()
    client.auth.reset_password_for_email(account.email)

    with pytest.raises(AuthApiError) as caught:
        use(client, "signup", auth.link(account.email, "recovery_token"))

    assert refusal(caught) == (403, "otp_expired")


def test_a_link_works_for_an_hour(auth: SupabaseAuth, account: Account) -> None:
    client = auth.client()
    client.auth.reset_password_for_email(account.email)
    auth.age(account.id, 3601)

    with pytest.raises(AuthApiError) as caught:
        use(client, "recovery", auth.link(account.email, "recovery_token"))

    assert refusal(caught) == (403, "otp_expired")


def test_a_second_recovery_reveals_that_an_address_is_known(
    auth: SupabaseAuth, account: Account
) -> None:
    client, unknown = auth.client(), new_email()
    client.auth.reset_password_for_email(account.email)
    for _ in range(2):
        client.auth.reset_password_for_email(unknown)

    with pytest.raises(AuthApiError) as caught:
        client.auth.reset_password_for_email(account.email)

    assert refusal(caught) == (429, "over_email_send_rate_limit")
    assert "you can only request this after" in caught.value.message


def test_a_changed_password_ends_the_links_before_it(auth: SupabaseAuth, account: Account) -> None:
    client = auth.client()
    client.auth.reset_password_for_email(account.email)
    link = auth.link(account.email, "recovery_token")
    client.auth.sign_in_with_password(account.credentials)
    client.auth.update_user({"password": "another password", "current_password": PASSWORD})

    with pytest.raises(AuthApiError) as caught:
        use(client, "recovery", link)

    assert refusal(caught) == (403, "otp_expired")


def test_a_magic_link_signs_in_by_its_token_or_its_digits(
    auth: SupabaseAuth, account: Account
) -> None:
    client = auth.client()
    made = auth.admin().generate_link({"type": "magiclink", "email": account.email})

    with pytest.raises(AuthApiError) as caught:
        client.auth.verify_otp({"type": "email", "email": account.email, "token": "wrong"})
    assert refusal(caught) == (403, "otp_expired")
    answer = client.auth.verify_otp(
        {"type": "email", "email": account.email, "token": made.properties.email_otp}
    )

    assert answer.session
    auth.age(account.id, 60)
    client.auth.sign_in_with_otp({"email": account.email})
    assert use(client, "magiclink", auth.link(account.email, "recovery_token")).session


def test_an_unknown_address_is_signed_up_by_a_magic_link_unless_the_app_says_no(
    auth: SupabaseAuth,
) -> None:
    client, email = auth.client(), new_email()

    client.auth.sign_in_with_otp({"email": email})
    assert use(client, "signup", auth.link(email, "confirmation_token")).session
    with pytest.raises(AuthApiError) as caught:
        client.auth.sign_in_with_otp(
            {"email": new_email(), "options": {"should_create_user": False}}
        )

    assert refusal(caught) == (422, "otp_disabled")


def test_a_confirmation_is_sent_again_after_a_minute(auth: SupabaseAuth) -> None:
    client, email = auth.client(), new_email()
    made = client.auth.sign_up({"email": email, "password": PASSWORD})
    assert made.user
    first = auth.link(email, "confirmation_token")
    with pytest.raises(AuthApiError) as caught:
        client.auth.resend({"type": "signup", "email": email})
    assert refusal(caught) == (429, "over_email_send_rate_limit")

    auth.age(made.user.id, 60)
    client.auth.resend({"type": "signup", "email": email})
    client.auth.resend({"type": "signup", "email": new_email()})

    assert auth.link(email, "confirmation_token") != first
    assert use(client, "signup", auth.link(email, "confirmation_token")).session


def test_both_addresses_confirm_a_change(auth: SupabaseAuth, account: Account) -> None:
    client, new = auth.client(), new_email()
    client.auth.sign_in_with_password(account.credentials)
    changed = client.auth.update_user({"email": new})
    assert (changed.user.email, changed.user.new_email) == (account.email, new)
    old_link = auth.link(account.email, "email_change_token_current")
    new_link = auth.link(new, "email_change_token_new")

    half = use(auth.client(), "email_change", old_link)
    assert (half.user, half.session) == (None, None)
    with pytest.raises(AuthApiError) as caught:
        use(auth.client(), "email_change", old_link)
    assert refusal(caught) == (403, "otp_expired")
    assert client.auth.get_user().user.email == account.email  # type: ignore[union-attr]
    done = use(auth.client(), "email_change", new_link)

    assert done.user.email == new
    assert done.user.identities[0].identity_data["email"] == new
    row = auth.database.execute(
        "select email from public.user_profiles where id = %s", (account.id,)
    ).fetchone()
    assert row == (new,)


def test_the_first_confirmation_says_that_one_is_missing(
    auth: SupabaseAuth, account: Account
) -> None:
    client, new = auth.client(), new_email()
    client.auth.sign_in_with_password(account.credentials)
    client.auth.update_user({"email": new})
    link = auth.link(new, "email_change_token_new")

    answer = auth.post("/verify", {"type": "email_change", "token_hash": link})

    assert answer.status_code == 200
    assert answer.json() == {
        "msg": "Confirmation link accepted. Please proceed to confirm link sent to the other email",
        "code": "200",
    }


def test_one_address_is_enough_where_the_project_says_so(
    auth: SupabaseAuth, account: Account
) -> None:
    client, new = auth.client(), new_email()
    client.auth.sign_in_with_password(account.credentials)
    with auth.settings(double_confirm_changes=False):
        client.auth.update_user({"email": new})
        done = use(auth.client(), "email_change", auth.link(new, "email_change_token_new"))

    assert done.user.email == new


def test_another_users_address_cannot_be_taken(auth: SupabaseAuth, account: Account) -> None:
    client, other = auth.client(), auth.new()
    client.auth.sign_in_with_password(account.credentials)

    with pytest.raises(AuthApiError) as caught:
        client.auth.update_user({"email": other.email})

    assert refusal(caught) == (422, "email_exists")


@pytest.mark.parametrize("body", [{"type": "signup"}, {"type": "sms", "token_hash": "x"}, {}])
def test_a_verification_names_its_kind_and_its_token(
    auth: SupabaseAuth, body: dict[str, str]
) -> None:
    answer = auth.post("/verify", body)

    assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed")
