"""`make check-sql` and `make migration`, on a changed copy of the files."""

import shutil
from pathlib import Path

import pytest

from local.schema.check import problems
from local.schema.draft import write
from local.schema.rules import EXEMPT
from local.stack import CHECKOUT

FAULTY = """
create table public.moons (id int, name text) with (autovacuum_enabled = false);
grant select on public.moons to anon;
grant delete on public.moons to authenticated;
create policy moons_read on public.moons using (auth.uid() is null or id > 0);
create function public.phase() returns int language plpgsql security definer set search_path = ''
as 'begin return no_such_column; end';
grant execute on function public.phase() to anon;
create function public.eclipse() returns trigger language plpgsql set search_path = ''
as 'begin execute ''select '' || new.name; return new.no_such_column; end';
create trigger eclipse before insert on public.moons for each row execute function public.eclipse();
"""
FOUND = (
    'lint: phase(), line 1: column "no_such_column" does not exist',
    'lint: eclipse(), line 1: record "new" has no field "no_such_column"',
    "lint: eclipse(), line 1: text type variable is not sanitized",
    "advisors: rls_disabled_in_public: Table `public.moons` is public",
    "advisors: no_primary_key: Table `public.moons`",
    "advisors: pg_graphql_anon_table_exposed: `anon` may touch public.moons",
    "advisors: pg_graphql_authenticated_table_exposed: `authenticated` may touch public.moons",
    "advisors: anon_security_definer_function_executable: `anon` may execute phase()",
    "advisors: rls_policy_null_auth_disjunct: public.moons",
    "advisors: autovacuum_disabled: public.moons",
    "advisors: nothing needs the exemption from no_such_rule: remove it",
)
WELL = """
create table public.moons (id int primary key, planet text not null);
comment on table public.moons is 'Moons.';
alter table public.moons enable row level security;
create policy moons_read on public.moons for select to authenticated using (id > 0);
grant select on public.moons to authenticated;
"""
MOON = "insert into public.moons values (1, 'Earth');\n"
PHOBOS = "insert into public.moons values (2, 'Mars');\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for folder in ("supabase", "local/postgres"):
        shutil.copytree(CHECKOUT / folder, tmp_path / folder)
    return tmp_path


def describe(checkout: Path, text: str) -> None:
    (checkout / "supabase" / "schemas" / "999_moons.sql").write_text(text)


def test_an_object_without_a_migration_is_named_with_its_faults(
    database_url: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXEMPT, "no_such_rule", "nothing")
    describe(checkout, FAULTY)
    found = "\n".join(problems(database_url, checkout))
    assert "supabase/migrations (+) differ in TABLE public.moons" in found
    assert "differ in FUNCTION public.phase()" in found
    assert not [each for each in FOUND if each not in found]


def test_a_draft_leads_to_what_schemas_describe_but_for_rows(
    database_url: str, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    describe(checkout, WELL + MOON + PHOBOS)

    draft = write(database_url, "add_moons", checkout)
    said = capsys.readouterr().out

    assert draft is not None
    assert draft == max(draft.parent.glob("*.sql"))
    assert draft.name.endswith("_add_moons.sql")
    assert "create table public.moons (\n    id integer not null,\n" in draft.read_text()
    assert "add by hand:\nROWS public.moons\n" in said
    assert said.count("public.moons") == 1

    draft.write_text(draft.read_text() + PHOBOS + MOON)  # their order does not matter
    assert write(database_url, "add_more", checkout) is None
    assert "nothing to write" in capsys.readouterr().out
