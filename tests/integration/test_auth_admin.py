"""The admin calls of the stand-in for Supabase Auth: with a secret key only."""

from typing import Any
from uuid import uuid4

import pytest
from supabase_auth.errors import AuthApiError

from tests.support.supabase_auth import PASSWORD, SupabaseAuth, new_email, refusal


def test_an_admin_makes_reads_changes_and_deletes_a_user(auth: SupabaseAuth) -> None:
    admin, email, new = auth.admin(), new_email(), new_email()

    made = admin.create_user(
        {
            "email": email,
            "password": PASSWORD,
            "email_confirm": True,
            "user_metadata": {"first_name": "Ada"},
            "app_metadata": {"plan": "free"},
        }
    ).user
    changed = admin.update_user_by_id(
        made.id, {"email": new, "user_metadata": {"first_name": None, "last_name": "L"}}
    ).user
    found = admin.get_user_by_id(made.id).user
    admin.delete_user(made.id)

    assert made.email_confirmed_at
    assert made.app_metadata == {"plan": "free", "provider": "email", "providers": ["email"]}
    assert (changed.email, changed.user_metadata["last_name"]) == (new, "L")
    assert "first_name" not in changed.user_metadata
    assert found == changed
    with pytest.raises(AuthApiError) as caught:
        admin.get_user_by_id(made.id)
    assert refusal(caught) == (404, "user_not_found")


def test_users_are_listed_page_by_page(auth: SupabaseAuth) -> None:
    made = [str(auth.new().id) for _ in range(3)]

    first, second = (
        [user.id for user in auth.admin().list_users(page=page, per_page=2)] for page in (1, 2)
    )

    assert first == made[:0:-1]
    assert second[0] == made[0]


def test_an_address_belongs_to_one_user(auth: SupabaseAuth) -> None:
    account, other = auth.new(), auth.new()

    with pytest.raises(AuthApiError) as caught:
        auth.admin().create_user({"email": account.email.upper()})
    assert refusal(caught) == (422, "email_exists")
    with pytest.raises(AuthApiError) as caught:
        auth.admin().update_user_by_id(str(other.id), {"email": account.email})
    assert refusal(caught) == (422, "email_exists")


def test_a_password_that_an_admin_sets_ends_every_session(auth: SupabaseAuth) -> None:
    account, client = auth.new(), auth.client()
    client.auth.sign_in_with_password(account.credentials)

    auth.admin().update_user_by_id(str(account.id), {"password": "another password"})

    assert auth.sessions(account.id) == set()


def test_a_user_deleted_softly_keeps_a_row_without_an_address(auth: SupabaseAuth) -> None:
    account = auth.new()
    client = auth.client()
    client.auth.sign_in_with_password(account.credentials)

    auth.admin().delete_user(str(account.id), should_soft_delete=True)

    assert auth.sessions(account.id) == set()
    assert auth.admin().get_user_by_id(str(account.id)).user.email != account.email
    with pytest.raises(AuthApiError) as caught:
        client.auth.sign_in_with_password(account.credentials)
    assert refusal(caught) == (400, "invalid_credentials")


@pytest.mark.parametrize(
    ("kind", "as_kind"),
    [("signup", "signup"), ("invite", "invite"), ("magiclink", "signup")],
)
def test_a_link_for_a_new_user_makes_the_user(auth: SupabaseAuth, kind: Any, as_kind: Any) -> None:
    email = new_email()
    made = auth.admin().generate_link({"type": kind, "email": email, "password": PASSWORD})

    assert made.properties.verification_type == as_kind
    assert made.properties.hashed_token in made.properties.action_link
    answer = auth.client().auth.verify_otp(
        {"type": as_kind, "token_hash": made.properties.hashed_token}
    )
    assert answer.user
    assert answer.user.email == email


def test_links_for_a_change_of_address_work_like_those_in_emails(auth: SupabaseAuth) -> None:
    account, new = auth.new(), new_email()
    change = {"email": account.email, "new_email": new}
    old_link = auth.admin().generate_link({"type": "email_change_current", **change})
    new_link = auth.admin().generate_link({"type": "email_change_new", **change})

    for link in (old_link, new_link):
        answer = auth.client().auth.verify_otp(
            {"type": "email_change", "token_hash": link.properties.hashed_token}
        )

    assert answer.user
    assert answer.user.email == new


def test_a_recovery_link_needs_a_user(auth: SupabaseAuth) -> None:
    with pytest.raises(AuthApiError) as caught:
        auth.admin().generate_link({"type": "recovery", "email": new_email()})

    assert refusal(caught) == (404, "user_not_found")


@pytest.mark.parametrize("user_id", [uuid4(), "no-id"])
def test_admin_calls_need_a_secret_key(auth: SupabaseAuth, user_id: object) -> None:
    account, client = auth.new(), auth.client()
    session = client.auth.sign_in_with_password(account.credentials).session
    assert session
    bearer = {"authorization": f"Bearer {session.access_token}"}

    assert auth.post("/admin/users", {}).json()["error_code"] == "no_authorization"
    answer = auth.post("/admin/users", {}, **bearer)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "not_admin")
    assert auth.post("/admin/users", {}, apikey="wrong").status_code == 401
    with pytest.raises(AuthApiError):
        client.auth.admin.delete_user(str(account.id))
    assert auth.admin().get_user_by_id(str(account.id))
