"""The migrations run on a hosted project, and leave nothing open that should be closed."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.integration.database import (
    MIGRATIONS,
    SUPABASE,
    empty_database,
    look,
    run_scripts,
)

_OURS = "pronamespace in ('public'::regnamespace, 'private'::regnamespace)"


_EVERY_RIGHT = ("select", "insert", "update", "delete")


@pytest.fixture
def owner(database_url: str) -> Iterator[str]:
    """Make a role with the rights of a hosted project's `postgres`: no superuser."""
    name = f"owner_{uuid4().hex}"
    with psycopg.connect(database_url, autocommit=True) as server:
        role = sql.Identifier(name)
        server.execute(sql.SQL("create role {} bypassrls createrole").format(role))
        yield name
        server.execute(sql.SQL("drop role {}").format(role))


def test_migrations_need_no_superuser_and_may_run_twice(database_url: str, owner: str) -> None:
    with empty_database(database_url) as own:
        run_scripts(own, [SUPABASE, SUPABASE])
        role = sql.Identifier(owner)
        with psycopg.connect(own, autocommit=True) as server:
            for statement in (
                "alter database {} owner to {}",
                "grant usage on schema auth to {1}",
                "grant all on auth.users to {1}",
            ):
                database = sql.Identifier(server.info.dbname)
                server.execute(sql.SQL(statement).format(database, role))

        run_scripts(own, [*MIGRATIONS, *MIGRATIONS], role=owner)

        assert look(own, "select max_daily_matches from private.app_settings") == [
            {"max_daily_matches": 10}
        ]


def test_the_seed_may_run_twice(url: str) -> None:
    seed = SUPABASE.parents[2] / "supabase" / "seed.sql"

    run_scripts(url, [seed, seed])

    names = look(url, "select first_name from public.user_profiles order by first_name")
    assert [row["first_name"] for row in names] == ["Leo", "Maya"]


def test_every_table_has_row_level_security_and_says_what_it_is_for(url: str) -> None:
    tables = look(
        url,
        "select oid::regclass::text as name, relrowsecurity, obj_description(oid) as comment"
        " from pg_class where relkind = 'r'"
        " and relnamespace in ('public'::regnamespace, 'private'::regnamespace)",
    )

    assert len(tables) >= 10
    assert [row["name"] for row in tables if not row["relrowsecurity"]] == []
    assert [row["name"] for row in tables if not row["comment"]] == []


def test_every_function_has_an_empty_search_path(url: str) -> None:
    functions = look(
        url,
        f"select oid::regprocedure::text as name from pg_proc where {_OURS}"  # noqa: S608
        " and not coalesce(proconfig, '{}') @> array['search_path=\"\"']",
    )

    assert functions == []


def test_every_definer_function_says_why(url: str) -> None:
    functions = look(
        url,
        f"select obj_description(oid) as reason from pg_proc where {_OURS}"  # noqa: S608
        " and prosecdef",
    )

    assert functions
    assert [each for each in functions if "Security definer because" not in str(each)] == []


def test_a_function_is_open_to_those_it_is_granted_to_alone(url: str) -> None:
    granted = look(
        url,
        "select grantee, array_agg(distinct routine_name::text order by routine_name::text) as fns"
        " from information_schema.routine_privileges"
        " where routine_schema in ('public', 'private')"
        " and grantee in ('PUBLIC', 'anon', 'authenticated', 'service_role')"
        " group by grantee",
    )

    workers = ["claim_emails", "complete_emails", "form_send_group", "sweep_emails"]
    workers += ["pause_emails", "resume_emails", "show_lanes", "count_deliveries"]
    workers += ["count_dead_letters", "list_dead_letters", "show_dead_letter"]
    workers += ["replay_dead_letters"]
    workers += ["close_overdue_sessions", "expire_matches"]
    helpers = ["address_hash", "give_up_old_groups", "status_after"]
    helpers += ["take_turn", "lease_emails", "lease_from_lane", "lease_longest_due_emails"]
    helpers += ["lease_named_emails", "lease_send_groups", "longest_due_group"]
    helpers += ["hand_out_new_emails", "hand_out_send_groups", "may_be_replayed"]
    helpers += ["waiting_since"]
    helpers += ["handed_over"]
    workers += ["get_email_preferences_of", "update_email_preferences_of", "record_email_event"]
    workers += ["prune_email_logs", "get_session_event_of"]
    workers += ["record_weekly_digests"]
    users = ["get_match", "list_matches", "request_match", "respond_to_match", "withdraw_match"]
    users += ["create_session", "get_session", "get_session_event", "list_sessions"]
    users += ["update_session", "cancel_session", "confirm_session", "report_no_show"]
    users += ["get_reputation", "submit_challenge", "list_submissions"]
    users += ["get_email_preferences", "update_email_preferences", "get_email_status"]
    users += ["export_email_data", "erase_email_data", "leaves_an_hour"]
    users += ["get_coach_context"]
    everyone = ["list_challenges", "ping"]
    assert {row["grantee"]: row["fns"] for row in granted} == {
        "anon": sorted(everyone),
        "authenticated": sorted([*users, *everyone]),
        "service_role": sorted([*workers, *helpers, "ping"]),
    }


def test_tables_are_open_to_those_they_are_granted_to_alone(url: str) -> None:
    granted = look(
        url,
        "select grantee || ' ' || lower(privilege_type) || ' ' || table_name as line"
        " from information_schema.role_table_grants"
        " where table_schema in ('public', 'private')"
        " and grantee in ('PUBLIC', 'anon', 'authenticated', 'service_role')",
    )

    assert {row["line"] for row in granted} == {
        "authenticated select email_preferences",
        "service_role select email_preferences",
        "service_role select email_suppressions",
        "service_role select user_profiles",
        "service_role select email_logs",
        "service_role update email_logs",
        "service_role select email_lanes",
        "service_role select email_recipients",
        "service_role select email_wishes",
        "service_role update email_lanes",
        *(f"service_role {right} email_leases" for right in _EVERY_RIGHT),
    }
