"""How the sessions of Supabase Auth end, and that the end is recorded in the same transaction."""

from uuid import UUID, uuid4

import pytest

from tests.integration.connections import connected
from tests.integration.database import WORKER, Person, call, look, rows


def begin(url: str, person: Person) -> UUID:
    session_id = uuid4()
    look(
        url,
        "insert into auth.sessions (id, user_id, created_at) values (%s, %s, now())",
        *(session_id, person.user_id),
    )
    return session_id


def refreshed(url: str, session_id: UUID, person: Person, *, revoked: bool = False) -> str:
    token = uuid4().hex
    look(
        url,
        "insert into auth.refresh_tokens (token, user_id, session_id, revoked)"
        " values (%s, %s, %s, %s)",
        *(token, str(person.user_id), session_id, revoked),
    )
    return token


def ended(url: str, person: Person) -> set[UUID]:
    found = rows(url, WORKER, "list_ended_sessions", p_limit=100, p_user_id=person.user_id)
    return {row["list_ended_sessions"] for row in found}


def test_a_session_that_is_deleted_is_recorded_and_another_stays(url: str, maya: Person) -> None:
    first, second = begin(url, maya), begin(url, maya)

    look(url, "delete from auth.sessions where id = %s", first)

    assert ended(url, maya) == {first}
    look(url, "delete from auth.sessions where user_id = %s", maya.user_id)
    assert ended(url, maya) == {first, second}


def test_supabase_auth_needs_no_rights_to_record_it(url: str, maya: Person) -> None:
    session = begin(url, maya)

    with connected(url) as connection:
        connection.execute("set local role supabase_auth_admin")
        connection.execute("delete from auth.sessions where id = %s", [session])

    assert ended(url, maya) == {session}


def test_a_user_lists_only_their_own_ended_sessions(url: str, maya: Person, leo: Person) -> None:
    for person in (maya, leo):
        session = begin(url, person)
        look(url, "delete from auth.sessions where id = %s", session)

    found = rows(url, maya, "list_own_ended_sessions")

    assert {row["list_own_ended_sessions"] for row in found} == ended(url, maya)
    assert len(found) == 1


def test_a_refresh_ends_nothing(url: str, maya: Person) -> None:
    session = begin(url, maya)
    first = refreshed(url, session, maya)

    with connected(url) as connection:
        connection.execute(
            "update auth.refresh_tokens set revoked = true where token = %s", [first]
        )
        connection.execute(
            "insert into auth.refresh_tokens (token, user_id, session_id, revoked)"
            " values (%s, %s, %s, false)",
            [uuid4().hex, str(maya.user_id), session],
        )

    assert ended(url, maya) == set()


def test_the_reuse_of_an_old_refresh_token_ends_the_session(url: str, maya: Person) -> None:
    session = begin(url, maya)
    refreshed(url, session, maya, revoked=True)
    refreshed(url, session, maya)

    # As RevokeTokenFamily in supabase/auth does it; the row of the session stays.
    look(
        url,
        "update auth.refresh_tokens set revoked = true where session_id = %s and not revoked",
        session,
    )

    assert ended(url, maya) == {session}


def test_a_ban_ends_all_sessions(url: str, maya: Person, leo: Person) -> None:
    sessions = {begin(url, maya), begin(url, maya)}
    other = begin(url, leo)

    look(
        url,
        "update auth.users set banned_until = now() + interval '1 hour' where id = %s",
        maya.user_id,
    )

    assert ended(url, maya) == sessions
    assert look(url, "select 1 from auth.sessions where user_id = %s", maya.user_id) == []
    assert look(url, "select 1 from auth.sessions where id = %s", other) != []


@pytest.mark.parametrize("until", ["now() - interval '1 hour'", "null"])
def test_the_end_of_a_ban_ends_no_session(url: str, maya: Person, until: str) -> None:
    session = begin(url, maya)

    look(
        url,
        f"update auth.users set banned_until = {until} where id = %s",  # noqa: S608 (from above)
        maya.user_id,
    )

    assert look(url, "select 1 from auth.sessions where id = %s", session) != []


def test_a_deleted_account_leaves_no_record_of_its_sessions(url: str, maya: Person) -> None:
    begin(url, maya)
    look(url, "delete from auth.sessions where id = %s", begin(url, maya))

    look(url, "delete from auth.users where id = %s", maya.user_id)

    assert ended(url, maya) == set()
    [left] = look(
        url, "select count(*) as n from private.ended_sessions where user_id = %s", maya.user_id
    )
    assert left["n"] == 0


def test_a_finished_session_is_forgotten_and_the_others_stay(url: str, maya: Person) -> None:
    first, second = begin(url, maya), begin(url, maya)
    look(url, "delete from auth.sessions where user_id = %s", maya.user_id)

    assert call(url, WORKER, "finish_ended_sessions", p_session_ids=[first, uuid4()]) == 1

    assert ended(url, maya) == {second}
