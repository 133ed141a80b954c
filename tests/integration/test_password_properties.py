"""Property 2 of the specification: only a hash of a password is stored.

The functions run in this process, on the stand-in for Supabase Auth and its real client.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st
from psycopg import sql
from supabase_auth.errors import AuthApiError

from tests.support.accounts import Load, post
from tests.support.functions import Function
from tests.support.supabase_auth import SupabaseAuth, new_email, refusal

# Each example takes tenths of a second, so that shrinking a failure would take minutes.
SOME = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)

# Postgres holds no NUL, and UTF-8 no surrogates.
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
MOST_BYTES = 72


def fitting(text: str) -> str:
    return text.encode()[:MOST_BYTES].decode(errors="ignore")


PASSWORDS = st.one_of(
    st.text(LETTERS, min_size=8, max_size=MOST_BYTES),
    st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=60, max_size=72),
).map(fitting)


def variants(password: str) -> list[str]:
    """Return passwords that careless code would accept as the same."""
    return [
        *(password[:-1], password[1:], password + "x", password + " ", password.strip()),
        *(password.swapcase(), password.casefold(), unicodedata.normalize("NFKC", password)),
    ]


PAIRS = PASSWORDS.flatmap(
    lambda password: st.tuples(st.just(password), PASSWORDS | st.sampled_from(variants(password)))
)


@pytest.fixture
def confirmed(auth: SupabaseAuth) -> Iterator[None]:
    with auth.settings(enable_confirmations=False, hook_url=None):
        yield


@pytest.fixture
def accounts(function: Load) -> Function:
    return function("accounts", ENABLE_RATE_LIMITING="false")


@pytest.fixture
def account(function: Load) -> Function:
    return function("account", ENABLE_RATE_LIMITING="false")


def sign_up(auth: SupabaseAuth, password: str) -> dict[str, str]:
    credentials: Any = {"email": new_email(), "password": password}
    assert auth.client().auth.sign_up(credentials).session
    return dict(credentials)


def hash_of(auth: SupabaseAuth, user: dict[str, str]) -> str:
    query = "select encrypted_password from auth.users where email = %s"
    row = auth.database.execute(query, (user["email"],)).fetchone()
    assert row
    return str(row[0])


@pytest.mark.usefixtures("confirmed")
@settings(SOME, max_examples=10)
@given(PAIRS)
@example(("x" * 72, "x" * 73))
@example(("Pässwörter" * 6, "Passworter" * 6))
def test_2_a_password_is_kept_as_a_salted_hash_that_no_other_password_has(
    auth: SupabaseAuth, accounts: Function, pair: tuple[str, str]
) -> None:
    password, other = pair
    assume(password != other)

    maya, leo = sign_up(auth, password), sign_up(auth, password)

    hashes = [hash_of(auth, user) for user in (maya, leo)]
    for kept in hashes:
        bcrypt = re.fullmatch(r"\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{53})", kept)
        assert bcrypt
        assert int(bcrypt[1]) >= 10
        parts = (password[at : at + 8] for at in range(len(password) - 7))
        assert not any(part in bcrypt[2] for part in parts)
    assert hashes[0] != hashes[1]
    assert post(accounts, "log_in", maya)[0] == 200
    assert post(accounts, "log_in", maya | {"password": other})[0] in {401, 422}


def tables_with(database: psycopg.Connection[Any], text: str) -> list[str]:
    """Return the tables of which a row contains a text, also as bytes."""
    names = database.execute(
        "select n.nspname, c.relname from pg_catalog.pg_class c"
        " join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind = 'r' and n.nspname not like 'pg\\_%'"
        " and n.nspname <> 'information_schema'"
    ).fetchall()
    one = sql.SQL(
        "select {name} where exists (select from {table} as t where strpos(lower(t::text), {text})"
        " + strpos(t::text, {coded}) > 0)"
    )
    query = sql.SQL(" union all ").join(
        one.format(
            name=f"{schema}.{table}",
            table=sql.Identifier(schema, table),
            text=text,
            coded=text.encode().hex(),
        )
        for schema, table in names
    )
    return [row[0] for row in database.execute(query).fetchall()]


@pytest.mark.usefixtures("confirmed")
@pytest.mark.parametrize("before", ["", "Pässwört \"\\'"])
def test_2_no_table_contains_a_password(
    auth: SupabaseAuth, accounts: Function, account: Function, before: str
) -> None:
    marker = uuid4().hex
    old, new, wrong = f"{before}{marker}", f"{marker}x{before}", f"x{marker}"
    maya = sign_up(auth, old)

    post(accounts, "log_in", maya | {"password": wrong})
    _, session = post(accounts, "log_in", maya)
    change = {"current_password": old, "password": new}
    changed, _ = post(account, "password", change, access_token=session["access_token"])
    logged_in, _ = post(accounts, "log_in", maya | {"password": new})

    assert (changed, logged_in) == (204, 200)
    assert tables_with(auth.database, marker) == []
    assert "auth.users" in tables_with(auth.database, maya["email"])


@settings(SOME, max_examples=5)
@given(PASSWORDS, st.integers(1, 30))
def test_2_more_than_72_bytes_are_refused(
    auth: SupabaseAuth, accounts: Function, password: str, more: int
) -> None:
    missing = MOST_BYTES - len(password.encode())
    user: Any = {"email": new_email(), "password": password + "x" * (missing + more)}

    with pytest.raises(AuthApiError) as caught:
        auth.client().auth.sign_up(user)
    status, _ = post(accounts, "register", user)

    assert refusal(caught) == (400, "validation_failed")
    assert status == 422
    query = "select from auth.users where email = %s"
    assert auth.database.execute(query, (user["email"],)).fetchone() is None
