"""The stack's tables of Supabase Auth have the names, the owner and the grants of a project."""

from uuid import uuid4

import psycopg
import pytest
from psycopg import errors

from tests.integration.database import Person, look

_SESSION = "insert into auth.sessions (id, user_id, created_at) values (%s, %s, now())"
_TOKEN = "insert into auth.refresh_tokens (token, user_id, session_id) values (%s, %s, %s)"
# Columns that the product, its tests or their migrations name.
_NAMED = {
    "users": "email encrypted_password confirmation_token recovery_token email_change"
    " email_change_token_new email_change_token_current last_sign_in_at banned_until is_anonymous",
    "sessions": "id user_id created_at updated_at not_after refreshed_at user_agent ip aal",
    "refresh_tokens": "id token user_id revoked parent session_id",
    "identities": "provider_id user_id identity_data provider email",
    "one_time_tokens": "user_id token_type token_hash relates_to",
    "mfa_amr_claims": "session_id authentication_method",
}


def test_the_tables_have_the_columns_of_a_project(url: str) -> None:
    found = look(
        url,
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'auth'",
    )
    present = {(row["table_name"], row["column_name"]) for row in found}

    named = {(table, column) for table, names in _NAMED.items() for column in names.split()}
    assert named - present == set()


def test_the_migrating_role_watches_the_tables_but_does_not_change_them(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("set role postgres")
        for table in _NAMED:
            connection.execute(
                f"create trigger watched after delete on auth.{table}"
                " for each row execute function private.record_departure()".encode()
            )
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("alter table auth.sessions add column note text")
        connection.rollback()


def test_sessions_and_tokens_are_deleted_with_their_user(url: str, maya: Person) -> None:
    session_id = uuid4()
    look(url, _SESSION, session_id, maya.user_id)
    look(url, _TOKEN, uuid4().hex, str(maya.user_id), session_id)

    with psycopg.connect(url) as connection:
        connection.execute("set role postgres")
        connection.execute("delete from auth.users where id = %s", [maya.user_id])

    assert look(url, "select 1 from auth.sessions where id = %s", session_id) == []
    assert look(url, "select 1 from auth.refresh_tokens where session_id = %s", session_id) == []


def test_supabase_auth_has_only_its_own_tables(url: str) -> None:
    user_id = uuid4()
    with psycopg.connect(url) as connection:
        connection.execute("set role supabase_auth_admin")
        connection.execute(
            "insert into auth.users (id, email, email_confirmed_at) values (%s, %s, now())",
            [user_id, f"{user_id}@example.com"],
        )
        connection.execute("savepoint before")
        for table in ("public.user_profiles", "private.departures"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(f"select from {table}".encode())
            connection.execute("rollback to before")

    assert len(look(url, "select 1 from public.user_profiles where id = %s", user_id)) == 1


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_callers_of_postgrest_read_no_table_of_supabase_auth(url: str, role: str) -> None:
    for table in _NAMED:
        with psycopg.connect(url) as connection:
            connection.execute(f"set role {role}".encode())
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(f"select from auth.{table}".encode())
