"""Each role can do only what it needs."""

import pytest
from psycopg import errors

from tests.integration.database import (
    WORKER,
    Actor,
    Person,
    acting_as,
    call,
    invitation,
    look,
    new_email,
)


def _run(url: str, actor: Actor, statement: str, *params: object) -> list[dict[str, object]]:
    with acting_as(url, actor) as connection:
        cursor = connection.execute(statement.encode(), params)
        return cursor.fetchall() if cursor.description else []


def _forbidden(url: str, actor: Actor, statement: str, *params: object) -> bool:
    with pytest.raises(errors.InsufficientPrivilege):
        _run(url, actor, statement, *params)
    return True


@pytest.mark.parametrize(
    "table",
    [
        *("wingman_matches", "email_suppressions", "email_logs"),
        *("wingman_sessions", "challenge_submissions"),
    ],
)
@pytest.mark.parametrize(
    "statement",
    ["select 1 from public.{}", "delete from public.{}", "insert into public.{} default values"],
)
def test_a_user_has_no_way_into_the_tables_behind_the_functions(
    url: str, maya: Person, table: str, statement: str
) -> None:
    assert _forbidden(url, maya, statement.format(table))


def test_a_user_cannot_set_a_status(url: str, maya: Person, leo: Person) -> None:
    match = call(url, maya, "request_match", **invitation(leo))["match"]
    accept = "update public.wingman_matches set status = 'accepted' where id = %s"

    assert _forbidden(url, maya, accept, match["id"])
    assert _forbidden(url, leo, accept, match["id"])
    assert _forbidden(url, leo, "update public.email_logs set delivery_status = 'sent'")


def test_a_user_reads_no_address_not_even_their_own(url: str, maya: Person) -> None:
    new_email(url, maya)

    assert _forbidden(url, maya, "select email from public.user_profiles")
    assert _forbidden(url, maya, "select * from public.user_profiles")
    assert _forbidden(url, maya, "select recipient_email from public.email_logs")
    assert _forbidden(url, maya, "select email from auth.users")


@pytest.mark.parametrize(
    "statement",
    [
        "update public.user_profiles set first_name = 'X'",
        "insert into public.user_profiles (id) values (gen_random_uuid())",
        "delete from public.user_profiles",
    ],
)
def test_a_user_changes_no_profile(url: str, maya: Person, statement: str) -> None:
    assert _forbidden(url, maya, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "select user_id from public.email_preferences",
        "insert into public.email_preferences (user_id) values (gen_random_uuid())",
        "update public.email_preferences set timezone = 'UTC'",
        "delete from public.email_preferences",
    ],
)
def test_a_user_reaches_preferences_only_through_functions(
    url: str, maya: Person, statement: str
) -> None:
    assert _forbidden(url, maya, statement)


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        ("timezone", "'<+03>-03'"),
        ("quiet_hours_start", "null"),
        ("quiet_hours_end", "null"),
        ("quiet_hours_end", "'24:00'"),
        ("quiet_hours_end", "'22:00'"),
        ("quiet_hours_end", "'21:30'"),
    ],
)
def test_invalid_preferences_are_refused(url: str, maya: Person, columns: str, values: str) -> None:
    statement = (
        f"insert into public.email_preferences (user_id, {columns})"  # noqa: S608 (from above)
        f" values (%s, {values})"
    )

    with pytest.raises(errors.CheckViolation):
        look(url, statement, maya.user_id)


def test_private_objects_are_closed_to_users(url: str, maya: Person) -> None:
    assert _forbidden(url, maya, "select max_daily_matches from private.app_settings")
    assert _forbidden(url, maya, "select private.caller_id()")
    assert _forbidden(url, WORKER, "select max_daily_matches from private.app_settings")
    assert _forbidden(url, WORKER, "select private.caller_id()")


def test_a_worker_neither_writes_nor_removes_rows_by_hand(url: str) -> None:
    assert _forbidden(url, WORKER, "delete from public.email_logs")
    assert _forbidden(url, WORKER, "insert into public.email_logs default values")
    assert _forbidden(url, WORKER, "update public.user_profiles set email = 'x'")
    assert _forbidden(url, WORKER, "select 1 from public.wingman_matches")
    assert _forbidden(url, WORKER, "update public.wingman_sessions set status = 'completed'")
