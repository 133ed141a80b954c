"""Sessions in the stand-in for Supabase Auth: refresh, reuse, and signing out."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from supabase_auth.errors import AuthApiError

from supabase import Client
from tests.support.supabase_auth import Account, SupabaseAuth, refusal


@pytest.fixture
def account(auth: SupabaseAuth) -> Account:
    return auth.new()


def signed_in(auth: SupabaseAuth, account: Account) -> tuple[Client, str]:
    """Return a client and its refresh token."""
    client = auth.client()
    session = client.auth.sign_in_with_password(account.credentials).session
    assert session
    return client, session.refresh_token


def refreshed(auth: SupabaseAuth, token: str) -> str:
    session = auth.client().auth.refresh_session(token).session
    assert session
    return session.refresh_token


def test_a_refresh_token_is_swapped(auth: SupabaseAuth, account: Account) -> None:
    client, first = signed_in(auth, account)

    second = client.auth.refresh_session().session

    assert second
    assert second.refresh_token != first
    assert client.auth.get_user()
    assert refreshed(auth, second.refresh_token) not in {first, second.refresh_token}


def test_a_repeat_gets_the_active_token(auth: SupabaseAuth, account: Account) -> None:
    _, first = signed_in(auth, account)
    second = refreshed(auth, first)

    assert refreshed(auth, first) == second
    auth.age(account.id, 11)  # the answer was lost, and the client was offline
    assert refreshed(auth, first) == second


_WAITING = (
    "select count(*) from pg_stat_activity"
    " where wait_event_type = 'Lock' and usename = 'supabase_auth_admin'"
)


def test_tabs_that_refresh_at_once_share_a_token(
    auth: SupabaseAuth, account: Account, database_url: str
) -> None:
    _, first = signed_in(auth, account)

    with ThreadPoolExecutor(3) as pool, psycopg.connect(database_url) as other:
        other.execute("select 1 from auth.sessions where user_id = %s for update", [account.id])
        asked = [pool.submit(refreshed, auth, first) for _ in range(3)]
        while auth.database.execute(_WAITING).fetchone() != (3,):
            assert not any(each.done() for each in asked)
        other.rollback()
        tokens = {each.result() for each in asked}

    assert len(tokens) == 1
    assert first not in tokens


def test_an_older_token_within_the_interval_gets_the_active_one(
    auth: SupabaseAuth, account: Account
) -> None:
    _, first = signed_in(auth, account)
    third = refreshed(auth, refreshed(auth, first))

    assert refreshed(auth, first) == third


def test_an_older_token_after_the_interval_ends_the_session(
    auth: SupabaseAuth, account: Account
) -> None:
    client, first = signed_in(auth, account)
    third = refreshed(auth, refreshed(auth, first))
    auth.age(account.id, 11)

    with pytest.raises(AuthApiError) as caught:
        refreshed(auth, first)

    assert refusal(caught) == (400, "refresh_token_already_used")
    assert auth.sessions(account.id) == set()
    for refused in (third, first):
        with pytest.raises(AuthApiError) as caught:
            refreshed(auth, refused)
        assert refusal(caught) == (400, "refresh_token_not_found")
    with pytest.raises(AuthApiError) as caught:
        client.auth.get_user()
    assert refusal(caught) == (403, "session_not_found")


def test_an_unknown_token_is_refused(auth: SupabaseAuth) -> None:
    with pytest.raises(AuthApiError) as caught:
        refreshed(auth, "unknown")

    assert refusal(caught) == (400, "refresh_token_not_found")


@pytest.mark.parametrize(
    ("scope", "ended"), [("local", {"here"}), ("others", {"there"}), ("global", {"here", "there"})]
)
def test_signing_out_ends_the_sessions_of_its_scope(
    auth: SupabaseAuth, account: Account, scope: Any, ended: set[str]
) -> None:
    (here, first), (there, second) = signed_in(auth, account), signed_in(auth, account)

    here.auth.sign_out({"scope": scope})

    tokens = {"here": first, "there": second}
    assert len(auth.sessions(account.id)) == len(tokens) - len(ended)
    for name, token in tokens.items():
        if name not in ended:
            assert refreshed(auth, token)
            continue
        with pytest.raises(AuthApiError) as caught:
            refreshed(auth, token)
        assert refusal(caught) == (400, "refresh_token_not_found")
    assert there.auth.get_session()


def test_an_unknown_scope_is_refused(auth: SupabaseAuth, account: Account) -> None:
    client, _ = signed_in(auth, account)
    session = client.auth.get_session()
    assert session

    answer = auth.post("/logout?scope=mine", {}, authorization=f"Bearer {session.access_token}")

    assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed")
    assert len(auth.sessions(account.id)) == 1
