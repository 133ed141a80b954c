"""`make check-sql` and `make migration`, on a copy of the files that was changed."""

import shutil
from pathlib import Path

import pytest

from local.schema.check import problems
from local.schema.draft import write
from local.stack import CHECKOUT
from tests.integration.database import look

FAULTY = """
create table public.moons (id int);
grant select on public.moons to anon;
create function public.phase() returns int language plpgsql set search_path = ''
as 'begin return no_such_column; end';
"""
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
    database_url: str, checkout: Path
) -> None:
    describe(checkout, FAULTY)
    found = "\n".join(problems(database_url, checkout))
    assert "supabase/migrations (+) differ in TABLE public.moons" in found
    assert "differ in FUNCTION public.phase()" in found
    assert "advisors: RLS Disabled in Public: Table `public.moons` is public" in found
    if look(database_url, "select name from pg_available_extensions where name = 'plpgsql_check'"):
        assert 'lint: public.phase, line 1: column "no_such_column" does not exist' in found


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
