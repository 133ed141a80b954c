"""A database is migrated only if the result is the schema of the files."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from local import lifecycle
from local.migrations import ChangedMigrationError, unapplied
from local.stack import stack

ONE, TWO, THREE = (
    "create table a (id int);\n\n-- why\ncreate table b ();\n",
    "select 1;",
    "select 2;",
)
# As `supabase db push` records them.
STATEMENTS = ["create table a (id int)", "-- why\ncreate table b ()"]


@pytest.fixture
def files(tmp_path: Path) -> Sequence[Path]:
    texts = {
        "20260101000000_one": ONE,
        "20260102000000_two": "select 1;",
        "20260103000000_three": "select 2;",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.sql").write_text(text)
    return sorted(tmp_path.glob("*.sql"))


def test_an_applied_file_is_not_applied_again(files: Sequence[Path]) -> None:
    applied = {"20260101000000": STATEMENTS, "20260102000000": ["select 1"]}
    assert [path.stem for path in unapplied(files, applied)] == ["20260103000000_three"]


def test_a_new_database_gets_everything(files: Sequence[Path]) -> None:
    assert unapplied(files, {}) == files


@pytest.mark.parametrize(
    "text",
    [
        ONE.replace("int", "text"),
        ONE + "drop table a;",
        "drop table x;" + ONE,
        ONE.replace("-- why", "-- because"),
        "create table a (id int);",
    ],
)
def test_a_file_that_changed_is_an_error(files: Sequence[Path], text: str) -> None:
    files[0].write_text(text)
    with pytest.raises(ChangedMigrationError, match=r"_one.sql changed.*`make reset`"):
        unapplied(files, {"20260101000000": STATEMENTS})


def test_a_file_that_is_gone_is_an_error(files: Sequence[Path]) -> None:
    with pytest.raises(ChangedMigrationError, match="20251231000000 was applied"):
        unapplied(files, {"20251231000000": STATEMENTS})


def test_a_file_older_than_what_was_applied_is_an_error(files: Sequence[Path]) -> None:
    applied = {"20260101000000": STATEMENTS, "20260103000000": ["select 2"]}
    with pytest.raises(ChangedMigrationError, match=r"_two.sql is older than 20260103000000"):
        unapplied(files, applied)


def test_after_a_changed_file_only_starting_over_is_advised(
    monkeypatch: pytest.MonkeyPatch, files: Sequence[Path]
) -> None:
    def migrated() -> None:
        unapplied(files, {"20260101000000": ["select 0"]})

    monkeypatch.setattr(lifecycle, "_up", lambda _: lifecycle._together(migrated, lambda: None))
    monkeypatch.setattr(lifecycle, "still_running", lambda _: "; `make up` continues")
    with pytest.raises(ChangedMigrationError) as raised:
        lifecycle.up(stack("check"))
    assert "`make reset`, then `make up`" in str(raised.value)
    assert "continues" not in str(raised.value)
