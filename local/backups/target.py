"""The database to restore into: checks it and brings it to the backup's schema."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from local import supabase_cli
from local.backups import programs
from local.backups.archive import Manifest
from local.backups.tables import counted, migrations, tables
from local.errors import StackError
from local.migrations import files, ledger, unapplied
from local.progress import step
from local.stack import CHECKOUT

# Migrations fill these.
FILLED = frozenset(
    {
        "private.app_settings",
        "private.email_categories",
        "private.email_lanes",
        "private.notification_kinds",
        "private.photo_walk",
        "private.push_pause",
        "public.challenges",
    }
)
_LARGEST = 5


def require_known(manifest: Manifest, checkout: Path = CHECKOUT) -> None:
    """Refuse a backup of a schema that this code does not know. Raises StackError."""
    here = {_version(path) for path in files(checkout)}
    if unknown := sorted(manifest.migrations.keys() - here):
        raise StackError(
            f"the backup has the migration {unknown[0]}, and this checkout does not: it comes from"
            " a newer release or another product. Check out that release, restore with it, and"
            " deploy it. Nothing was changed"
        )
    if not manifest.migrations:
        raise StackError("the backup is of a database without migrations: there is nothing in it")


def prepare(url: str, manifest: Manifest, *, replace: bool, checkout: Path = CHECKOUT) -> None:
    """Bring an empty database to the schema of the backup. Raises StackError."""
    with psycopg.connect(url) as connection:
        programs.require_version(connection.info.server_version // 10_000)
        if not replace:
            _require_empty(connection)
        ahead = sorted(migrations(connection).keys() - manifest.migrations.keys())
    if ahead:
        raise StackError(
            f"the database has the migration {ahead[0]}, and the backup is older: restore into a"
            " project without our schemas; later migrations are applied after the rows"
        )
    migrate_to(url, manifest.version, checkout)
    with psycopg.connect(url) as connection:
        _require_same(manifest, migrations(connection))
        missing = sorted(manifest.rows.keys() - set(tables(connection)))
    if lost := [name for name in missing if manifest.rows[name]]:
        raise StackError(
            f"the database has no table {lost[0]}, of which the backup has rows: Supabase Auth has"
            " another version there"
        )


def migrate_to(url: str, version: str, checkout: Path = CHECKOUT) -> None:
    """Apply the migrations up to a version that the database lacks. Raises StackError."""
    wanted = [path for path in files(checkout) if _version(path) <= version]
    with psycopg.connect(url) as connection:
        if not unapplied(wanted, ledger(connection)):
            return
    with step(f"migrations up to {version}"), _folder(wanted, checkout) as folder:
        supabase_cli.push(url, folder)


def _require_empty(connection: psycopg.Connection) -> None:
    counts = counted(connection, tables(connection))
    full = {name: rows for name, rows in counts.items() if rows and name not in FILLED}
    if full:
        largest = sorted(full, key=lambda name: -full[name])[:_LARGEST]
        shown = ", ".join(f"{name} ({full[name]:,})" for name in largest)
        raise StackError(
            f"the database is not empty: {shown}. Restore into a new project, or its rows would"
            " mix with those of the backup. Nothing was changed"
        )


def _require_same(manifest: Manifest, applied: Mapping[str, str]) -> None:
    for version, digest in manifest.migrations.items():
        if applied.get(version) != digest:
            raise StackError(
                f"the migration {version} differs from the one that the backup was made with:"
                " check out the release that made the backup"
            )


@contextmanager
def _folder(migrations: Sequence[Path], checkout: Path) -> Iterator[Path]:
    """Yield a folder for the Supabase CLI with only these migrations."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        here = folder / "supabase" / "migrations"
        here.mkdir(parents=True)
        shutil.copy(checkout / "supabase" / "config.toml", here.parent)
        for path in migrations:
            shutil.copy(path, here)
        yield folder


def newest(checkout: Path = CHECKOUT) -> str:
    """Return the version of the newest migration here."""
    return max((_version(path) for path in files(checkout)), default="none")


def _version(path: Path) -> str:
    return path.stem.partition("_")[0]
