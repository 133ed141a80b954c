"""The migrations build what the schemas describe, and leave nothing open that should be closed."""

from collections.abc import Mapping

import pytest

from local.schema.dump import differences, objects
from local.schema.rules import INLINED
from local.stack import CHECKOUT
from tests.integration.database import ANONYMOUS, acting_as, look
from tests.integration.own_database import (
    MIGRATIONS,
    SUPABASE,
    empty_database,
    own_database,
    run_scripts,
)

_OURS = "pronamespace in ('public'::regnamespace, 'private'::regnamespace)"


@pytest.fixture(scope="module")
def described(url: str) -> Mapping[str, str]:
    """The objects of a database that was built from supabase/schemas."""
    return objects(url)


def test_migrations_build_what_the_schemas_describe(
    database_url: str, described: Mapping[str, str]
) -> None:
    with empty_database(database_url) as migrated:
        run_scripts(migrated, SUPABASE)
        run_scripts(migrated, MIGRATIONS, role="postgres")

        found = "\n".join(differences(described, objects(migrated)))

    assert not found, f"supabase/schemas (-) and supabase/migrations (+) differ:\n{found}"


def test_a_difference_names_its_object(database_url: str, described: Mapping[str, str]) -> None:
    with own_database(database_url) as changed:
        look(changed, "grant execute on function public.get_match(uuid) to anon")
        look(changed, "grant update (note) on public.wingman_matches to authenticated")
        look(changed, "alter table public.challenges add column color text")
        look(changed, "alter table private.email_lanes disable row level security")
        look(
            changed,
            "create or replace function public.ping() returns timestamptz language sql stable"
            " set search_path = '' as 'select clock_timestamp()'",
        )
        look(changed, "delete from public.challenges where title = 'Learn a name and use it'")

        named = {each.partition("\n")[0] for each in differences(described, objects(changed))}

    assert named == {
        "ACL public.FUNCTION get_match(p_match_id uuid)",
        "ACL public.COLUMN wingman_matches.note",
        "TABLE public.challenges",
        "ROWS public.challenges",
        "ROW SECURITY private.email_lanes",
        "FUNCTION public.ping()",
    }


def test_migrations_run_without_a_superuser(url: str) -> None:
    owner = "select rolsuper from pg_roles where rolname = 'postgres'"
    owners = f"select distinct proowner::regrole::text as name from pg_proc where {_OURS}"  # noqa: S608

    assert look(url, owner) == [{"rolsuper": False}]
    assert look(url, owners) == [{"name": "postgres"}]


def test_postgis_and_trigrams_can_be_used_by_everyone(url: str) -> None:
    near = (
        "select extensions.st_dwithin('point(0 0)'::extensions.geography, 'point(0 1)', 111000)"
        " as near, extensions.similarity('wingman', 'wingmen') > 0.4 as similar"
    )
    with acting_as(url, ANONYMOUS) as connection:
        assert connection.execute(near.encode()).fetchall() == [{"near": True, "similar": True}]


def test_the_seed_may_run_twice(database_url: str) -> None:
    seed = CHECKOUT / "supabase" / "seed.sql"

    with own_database(database_url) as seeded:
        run_scripts(seeded, [seed, seed], role="postgres")
        names = look(seeded, "select first_name from public.user_profiles order by first_name")

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
        "select proname, prosecdef, lanname"  # noqa: S608
        f" from pg_proc inner join pg_language as lang on lang.oid = prolang where {_OURS}"
        " and not coalesce(proconfig, '{}') @> array['search_path=\"\"']",
    )

    assert {each["proname"] for each in functions} == set(INLINED)
    assert {(each["prosecdef"], each["lanname"]) for each in functions} == {(False, "sql")}


def test_every_definer_function_says_why(url: str) -> None:
    functions = look(
        url,
        f"select obj_description(oid) as reason from pg_proc where {_OURS}"  # noqa: S608
        " and prosecdef",
    )

    assert functions
    assert [each for each in functions if "Security definer because" not in str(each)] == []
