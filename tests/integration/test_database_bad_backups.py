"""A backup that is damaged, of another schema or incomplete changes nothing."""

from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from local.backups import archive, taking
from local.backups.archive import DUMP, MANIFEST
from local.backups.tables import counted, tables
from local.backups.target import FILLED
from local.errors import StackError
from tests.integration.backups import copied, restored
from tests.integration.connections import connected
from tests.integration.database import look, new_person


def rows_of(url: str) -> Mapping[str, int]:
    with psycopg.connect(url) as connection:
        return counted(connection, tables(connection))


def test_a_bad_backup_or_target_is_refused_with_nothing_changed(
    original: str, empty: str, tmp_path: Path
) -> None:
    new_person(original)
    whole = tmp_path / "whole"
    manifest = taking.take(original, whole)
    fresh = rows_of(empty)

    def refusal(target: str, **changes: object) -> str:
        folder = copied(whole, tmp_path / uuid4().hex)
        changed = manifest.model_copy(update=changes)
        (folder / MANIFEST).write_text(changed.model_dump_json())
        with pytest.raises(StackError) as caught:
            restored(target, folder)
        return str(caught.value)

    versions = dict(manifest.migrations)
    assert "is not empty: auth.users (1)" in refusal(original)
    assert "from a newer release" in refusal(empty, migrations=versions | {"20990101000000": "0"})
    assert "differs from the one" in refusal(empty, migrations=dict.fromkeys(versions, "0"))
    assert "without migrations" in refusal(empty, migrations={})
    rows = dict(manifest.rows) | {"auth.users": 2}
    assert "auth.users has 1 rows, and 2 in the backup" in refusal(empty, rows=rows)
    assert "has no table auth.other" in refusal(empty, rows=rows | {"auth.other": 1})
    assert rows_of(empty) == fresh
    assert {name for name, count in fresh.items() if count} == FILLED


def test_a_row_that_refers_to_nothing_is_refused(original: str, bare: str, tmp_path: Path) -> None:
    person = new_person(original)
    with connected(original) as connection:
        connection.execute("set local session_replication_role = replica")
        connection.execute("delete from auth.users where id = %s", [person.user_id])
    taking.take(original, tmp_path / "backup")

    with pytest.raises(StackError) as caught:
        restored(bare, tmp_path / "backup")

    lost = "1 rows of public.user_profiles refer to rows of auth.users that are not in the backup"
    assert lost in str(caught.value)
    assert look(bare, "select id from public.user_profiles") == []


def test_a_damaged_backup_is_refused_before_anything_is_asked(
    original: str, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    taking.take(original, whole)

    def refusal(name: str, damage: Callable[[Path], object]) -> str:
        folder = copied(whole, tmp_path / name)
        damage(folder)
        with pytest.raises(StackError) as caught:
            archive.opened(folder)
        return str(caught.value)

    dump = (whole / DUMP).read_bytes()
    flipped = dump[:-1] + bytes([dump[-1] ^ 1])
    assert "is damaged" in refusal("flipped", lambda at: (at / DUMP).write_bytes(flipped))
    assert "is damaged" in refusal("short", lambda at: (at / DUMP).write_bytes(dump[:-1]))
    assert "data.dump is missing" in refusal("gone", lambda at: (at / DUMP).unlink())
    assert "cannot be read" in refusal("odd", lambda at: (at / MANIFEST).write_text("{}"))
    assert "manifest.json is missing" in refusal("bare", lambda at: (at / MANIFEST).unlink())
    with pytest.raises(StackError, match="exists: name another folder"):
        taking.take(original, whole)
