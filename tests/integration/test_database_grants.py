"""Grants in the catalog: an object is closed unless the schemas grant access to it."""

from uuid import uuid4

import psycopg
import pytest
from psycopg import errors

from tests.integration.connections import Row
from tests.integration.database import ANONYMOUS, WORKER, Actor, acting_as, call, look

_ROLES = ("anon", "authenticated", "service_role")
# All other functions are for workers, or for users and then check the caller.
_FOR_ANYONE = {
    "check_backend_key": {"anon", "authenticated", "service_role"},
    "list_challenges": {"anon", "authenticated"},
    "ping": {"anon", "authenticated", "service_role"},
}
_FUNCTIONS = """
select
    oid::regprocedure::text as name,
    proname,
    prosecdef,
    prosrc like '%%private.caller_id()%%' as asks_for_the_user,
    format(
        'select public.%%I(%%s)',
        proname,
        (
            select string_agg(format('null::%%s', each::regtype), ', ' order by place)
            from unnest(proargtypes) with ordinality as argument (each, place)
        )
    ) as call,
    array(
        select role_name from unnest(%s::text[]) as role_name
        where has_function_privilege(role_name, oid, 'execute')
    ) as callers
from pg_proc
where pronamespace = %s::regnamespace
order by name
"""


def _functions(url: str, schema: str) -> list[Row]:
    return look(url, _FUNCTIONS, list(_ROLES), schema)


def _intended(function: Row) -> set[str]:
    """Say who should be able to call a function of schema `public`."""
    for_one = "authenticated" if function["asks_for_the_user"] else "service_role"
    return _FOR_ANYONE.get(function["proname"], {for_one})


def test_a_function_has_the_callers_of_its_kind(url: str) -> None:
    functions = _functions(url, "public")

    assert len(functions) > 40
    assert {each["name"]: set(each["callers"]) for each in functions} == {
        each["name"]: _intended(each) for each in functions
    }


def test_a_call_by_another_role_is_refused(url: str) -> None:
    refused = set()
    for function in _functions(url, "public"):
        for role in set(_ROLES) - _intended(function):
            with (
                acting_as(url, Actor(role, uuid4())) as connection,
                pytest.raises(errors.InsufficientPrivilege),
            ):
                connection.execute(function["call"])
            refused.add(function["name"])

    assert len(refused) > 40


# Workers call it when they claim emails, and have no grant on the conversations that it reads.
FOR_WORKERS = "private.is_unread(uuid,uuid,integer)"


def test_helpers_are_closed_to_users_and_definers_to_everyone(url: str) -> None:
    helpers = _functions(url, "private")

    for_users = {each["proname"] for each in helpers if set(each["callers"]) - {"service_role"}}
    definers = [each for each in helpers if each["prosecdef"]]
    assert for_users == set()
    assert definers
    assert [each["name"] for each in definers if each["callers"]] == [FOR_WORKERS]


def test_a_new_object_is_closed_until_it_is_granted(url: str) -> None:
    with psycopg.connect(url) as connection:
        for statement in (
            "set role postgres",
            "create function public.new_function() returns integer language sql as 'select 1'",
            "create function private.new_helper() returns integer language sql as 'select 1'",
            "create table public.new_table (id bigint generated always as identity)",
        ):
            connection.execute(statement.encode())
        allowed = connection.execute(
            "select role_name,"
            " has_function_privilege(role_name, 'public.new_function()', 'execute')"
            " or has_function_privilege(role_name, 'private.new_helper()', 'execute')"
            " or has_table_privilege(role_name, 'public.new_table', 'select, insert, update')"
            " or has_sequence_privilege(role_name, 'public.new_table_id_seq', 'usage')"
            " from unnest(%s::text[]) as role_name",
            [list(_ROLES)],
        ).fetchall()
        connection.rollback()

    assert allowed == [(role, False) for role in _ROLES]


def test_users_have_no_rights_on_tables(url: str) -> None:
    granted = look(
        url,
        "select grantee, privilege_type, table_name, column_name"
        " from information_schema.column_privileges"
        " where table_schema in ('public', 'private')"
        " and grantee in ('PUBLIC', 'anon', 'authenticated')",
    )
    policies = look(url, "select policyname from pg_policies where schemaname = 'public'")

    assert granted == policies == []


def test_workers_write_only_the_outbox(url: str) -> None:
    granted = look(
        url,
        "select lower(privilege_type) || ' ' || table_name as line"
        " from information_schema.role_table_grants"
        " where table_schema in ('public', 'private')"
        " and grantee = 'service_role' and privilege_type <> 'SELECT'",
    )

    assert {row["line"] for row in granted} == {
        "update email_logs",
        "update email_lanes",
        "insert email_leases",
        "update email_leases",
        "delete email_leases",
    }


@pytest.mark.parametrize("actor", [ANONYMOUS, WORKER, Actor("authenticated", uuid4())])
def test_everyone_may_ping(url: str, actor: Actor) -> None:
    assert call(url, actor, "ping") is not None
