"""The caller's own account: reading it, export and deletion."""

from functools import partial
from typing import Any

import pytest

from tests.support.accounts import Load, attempts
from tests.support.functions import Function
from tests.support.people import People, Person
from tests.support.realtime import live
from tests.support.signed_in import (
    SignIn,
    ask,
    delete,
    exists,
    logs_in,
    signed_in,
)
from tests.support.supabase_auth import PASSWORD, SupabaseAuth
from wingman.kit.clients.redis import redis
from wingman.kit.presence.touching import departed_key

pytestmark = pytest.mark.usefixtures("no_hook")


@pytest.fixture
def app(function: Load) -> Function:
    return function("account")


@pytest.fixture
def sign_in(auth: SupabaseAuth) -> SignIn:
    return partial(signed_in, auth)


# --- reading


def test_a_user_reads_their_account_with_two_calls(
    app: Function, sign_in: SignIn, calls: list[str]
) -> None:
    maya = sign_in()
    ask(app, "get", maya)  # warm
    calls.clear()

    status, found = ask(app, "get", maya)

    assert status == 200
    assert calls == ["POST /", "POST /rest/v1/rpc/get_account"]
    assert (found["id"], found["email"]) == (str(maya.id), maya.account.email)
    assert found["created_at"].endswith("Z")
    assert found["last_sign_in_at"].endswith("Z")
    [sign_in_of_now] = found["sign_ins"]
    assert set(sign_in_of_now) == {"at", "outcome", "user_agent"}
    assert sign_in_of_now["outcome"] == "success"


def test_an_account_shows_its_twenty_newest_sign_ins(
    app: Function, sign_in: SignIn, people: People
) -> None:
    maya = sign_in()
    people.connection.execute(
        "insert into private.sign_in_attempts (kind, outcome, user_id, user_agent, at)"
        " select 'sign_in', 'failure', %s, n::text, now() - make_interval(hours => n)"
        " from generate_series(1, 25) as n",
        (maya.id,),
    )

    shown = ask(app, "get", maya)[1]["sign_ins"]

    assert [one["user_agent"] for one in shown[1:]] == [str(n) for n in range(1, 20)]


# --- export


def test_an_export_has_a_part_for_each_domain(
    app: Function, sign_in: SignIn, people: People
) -> None:
    maya = sign_in()

    status, found = ask(app, "export", maya)

    assert status == 200
    parts = people.connection.execute(
        "select substr(proname, 8) from pg_proc where pronamespace = 'private'::regnamespace"
        " and starts_with(proname::text, 'export_')"
    )
    assert set(found) == {row[0] for row in parts.fetchall()} | {"exported_at", "activity"}
    assert found["account"]["email"] == maya.account.email
    assert found["sign_ins"][0]["kind"] == "sign_in"
    assert sum(found["activity"]["hours"]) == 1


def test_an_export_contains_no_hash_and_no_token(
    app: Function, sign_in: SignIn, people: People
) -> None:
    maya = sign_in()
    row = people.connection.execute(
        "select encrypted_password from auth.users where id = %s", (maya.id,)
    ).fetchone()
    assert row

    exported = str(ask(app, "export", maya)[1])

    assert row[0] not in exported
    assert str(maya.session_id) not in exported


def test_exports_are_few(app: Function, sign_in: SignIn) -> None:
    maya = sign_in()
    assert [ask(app, "export", maya)[0] for _ in range(7)] == [200] * 5 + [429] * 2


# --- deletion


def test_a_deleted_account_is_gone_with_its_tokens(
    app: Function, sign_in: SignIn, auth: SupabaseAuth, people: People
) -> None:
    maya = sign_in()
    elsewhere = sign_in(maya.account)

    assert delete(app, maya, PASSWORD) == (204, None)

    assert not exists(people, maya)
    assert not logs_in(auth, maya.account, PASSWORD)
    assert redis().run("EXISTS", departed_key(maya.id)) == 1
    for token in (maya, elsewhere):
        status, problem = ask(app, "get", token)
        assert (status, problem["code"]) == (401, "unauthenticated")


def test_a_deletion_may_take_longer_than_other_requests(
    app: Function, sign_in: SignIn, people: People
) -> None:
    """An account may have thousands of matches, each with emails and sessions."""
    maya = sign_in()
    trigger = f"slow_{maya.id.hex}"
    slow = "begin perform pg_sleep(5.5); return old; end"
    people.connection.execute(
        f"create function private.{trigger}() returns trigger language plpgsql as '{slow}'".encode()
    )
    people.connection.execute(
        (
            f"create trigger {trigger} before delete on public.user_profiles for each row"
            f" when (old.id = '{maya.id}') execute function private.{trigger}()"
        ).encode()
    )

    try:
        event = app.event("delete", access_token=maya.token)
        answer = app.invoke(event, milliseconds=20_000)
    finally:
        people.connection.execute(f"drop function private.{trigger} cascade".encode())

    assert answer["statusCode"] == 204
    assert not exists(people, maya)


def test_a_wrong_password_deletes_nothing_and_is_recorded(
    app: Function, sign_in: SignIn, people: People
) -> None:
    maya = sign_in()

    status, problem = delete(app, maya, "wrong")

    assert (status, problem["code"]) == (403, "wrong_password")
    assert exists(people, maya)
    assert ("deletion", "failure", "curl/8.5.0") in attempts(people, maya.id)


def test_a_user_without_a_password_cannot_delete_the_account(
    app: Function, sign_in: SignIn, people: People
) -> None:
    maya = sign_in()
    people.connection.execute(
        "update auth.users set encrypted_password = null where id = %s", (maya.id,)
    )

    for password in ("x", PASSWORD):
        assert delete(app, maya, password)[1]["code"] == "wrong_password"
    assert exists(people, maya)


def test_without_redis_an_account_is_deleted_and_the_sweep_ends_its_tokens(
    app: Function, sign_in: SignIn, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.integration.test_departures import Away  # noqa: PLC0415

    maya = sign_in()
    monkeypatch.setattr(app.module, "realtime", lambda: live(Away()))

    assert delete(app, maya, PASSWORD)[0] == 204

    assert not exists(people, maya)
    found = people.connection.execute(
        "select 1 from private.departures where user_id = %s", (maya.id,)
    )
    assert found.fetchone()


def test_the_account_of_another_user_is_untouched(
    app: Function, sign_in: SignIn, people: People
) -> None:
    maya, leo = sign_in(), people.new("Leo")
    before = _row(people, leo)

    delete(app, maya, PASSWORD)

    assert _row(people, leo) == before


def _row(people: People, person: Person) -> Any:
    found = people.connection.execute(
        "select * from public.user_profiles where id = %s", (person.id,)
    )
    return found.fetchone()
