"""The text of the schemas with a partitioned table."""

from tests.bench.partitioned import BY_HASH, BY_MONTH, Cut, divided
from tests.integration.own_database import SCHEMAS

TABLE = """create table public.notes (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null,
    dedupe_key text not null unique,
    constraint notes_numbered unique (owner_id, seq)
) with (
    fillfactor = 80
);
create unique index notes_of_owner
on public.notes (owner_id, seq)
where seq is not null;
create table private.copies (
    note_id uuid primary key references public.notes (id) on delete cascade
);
"""
BY_OWNER = """create table public.notes (
    id uuid default gen_random_uuid(),
    owner_id uuid not null,
    dedupe_key text not null,
    constraint notes_numbered unique (owner_id, seq),
    primary key (id, owner_id),
    unique (dedupe_key, owner_id)
) partition by hash (owner_id);
"""


def test_each_key_of_a_partitioned_table_has_the_column_that_divides_it() -> None:
    text = divided(TABLE, "public.notes", Cut("owner_id", by_month=False))
    assert text.startswith(BY_OWNER)
    assert text.count("partition of public.notes for values with (modulus 8, remainder ") == 8
    assert "    note_id uuid primary key\n" in text
    assert "on public.notes (owner_id, seq)\nwhere" in text
    by_time = divided(TABLE, "public.notes", Cut("made_at", by_month=True))
    assert "notes_numbered unique (owner_id, seq, made_at)" in by_time
    assert "on public.notes (owner_id, seq, made_at)\nwhere" in by_time
    assert by_time.count("partition of public.notes for values from") == 8


def test_every_table_to_divide_is_found_in_the_schemas() -> None:
    schemas = "".join(path.read_text() for path in SCHEMAS)
    for cuts in (BY_MONTH, BY_HASH):
        for table, cut in cuts.items():
            assert f"partition by {'range' if cut.by_month else 'hash'} ({cut.column})" in divided(
                schemas, f"public.{table}", cut
            )
