"""A schema that lacks what released code calls is found before it is deployed."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from local.schema.compatible import problems, signatures

MADE = """
create function public.plan_walk(p_match uuid, p_minutes integer default 30)
returns table (id uuid, planned_at timestamptz)
language sql as $$ select p_match::uuid, now() $$;
revoke execute on function public.plan_walk from public;
grant execute on function public.plan_walk to authenticated, service_role;
"""
CODE = (
    'database.rpc("plan_walk", {"p_match": match, "p_minutes": 30}); row["planned_at"], row["id"]'
)


Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def old(url: str) -> Iterator[Connection]:
    """Return a transaction that nothing commits."""
    with psycopg.connect(url) as connection:
        connection.execute(MADE)
        yield connection
        connection.rollback()


def after(old: Connection, change: str, code: str = CODE) -> list[str]:
    before = signatures(old)
    old.execute(change)
    return list(problems(before, signatures(old), code))


def remade(text: str, by: str) -> str:
    return f"drop function public.plan_walk; {MADE.replace(text, by)}"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("drop function public.plan_walk", "plan_walk is gone"),
        (remade("p_minutes", "p_duration"), "plan_walk no longer takes p_minutes integer"),
        (remade("p_match uuid", "p_match text"), "plan_walk no longer takes p_match uuid"),
        (
            remade("integer default 30", "integer default 30, p_place text default null").replace(
                "p_minutes integer default 30, p_place text default null",
                "p_place text, p_minutes integer default 30",
            ),
            "plan_walk requires p_place, which has no default",
        ),
        (remade(" default 30", ""), "plan_walk requires p_minutes, which had a default"),
        (
            remade("planned_at timestamptz", "starts_at timestamptz"),
            "plan_walk no longer returns planned_at timestamp with time zone",
        ),
        (
            "revoke execute on function public.plan_walk from authenticated",
            "authenticated may no longer call plan_walk",
        ),
        (
            remade("returns table (id uuid, planned_at timestamptz)", "returns jsonb").replace(
                "select p_match::uuid, now()", "select '{}'::jsonb"
            ),
            "plan_walk returns jsonb, not rows of record",
        ),
    ],
)
def test_parts_that_the_old_code_uses_must_stay(old: Connection, change: str, found: str) -> None:
    assert found in after(old, change)


@pytest.mark.parametrize(
    "change",
    [
        remade("default 30)", "default 30, p_place text default null)"),
        remade("planned_at timestamptz)", "planned_at timestamptz, place text)").replace(
            "now() $$", "now(), '' $$"
        ),
        "create function public.other(p_new text) returns text language sql return p_new",
        "alter table public.wingman_matches add column mood text",
    ],
)
def test_a_schema_may_grow(old: Connection, change: str) -> None:
    assert after(old, change) == []


def test_a_function_that_the_released_code_no_longer_calls_may_go(old: Connection) -> None:
    """The last of three steps: expand, deploy, contract."""
    assert after(old, "drop function public.plan_walk", code="no call") == []
