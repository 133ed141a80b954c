"""`make backup`: one consistent copy of our data and the accounts, with a manifest."""

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from local.backups import programs
from local.backups.archive import DUMP, MANIFEST, Manifest, sha256
from local.backups.tables import ACCOUNTS, OF_THE_ENVIRONMENT, SCHEMAS, counted, migrations, tables
from local.errors import StackError
from local.progress import complain, say, step

_FOLDER = Path("backups")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make backup", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="where; by default below backups/")
    options = parser.parse_args(arguments)
    now = datetime.now(UTC)
    folder = options.folder or _FOLDER / f"{now:%Y-%m-%dT%H%M%SZ}"
    try:
        manifest = take(programs.database_url(), folder)
    except StackError as error:
        complain(f"error: {error}")
        return 1
    say(f"\n{folder}: {sum(manifest.rows.values()):,} rows of {len(manifest.rows)} tables,")
    say(f"{manifest.dump_bytes:,} bytes, as of {manifest.taken_at.isoformat()}")
    say("\nIt holds addresses and messages of users: encrypt it, and keep it elsewhere.")
    say(f"Next: make restore ARGS='load {folder}' into an empty database, to see that it works.")
    return 0


def take(url: str, folder: Path) -> Manifest:
    """Write a backup; the folder gets its final name once it is complete. Raises StackError."""
    if folder.exists():
        raise StackError(f"{folder} exists: name another folder")
    partial = folder.with_name(f"{folder.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True, mode=0o700)
    try:
        with psycopg.connect(url) as connection:
            manifest = _dumped(connection, url, partial)
    except psycopg.OperationalError as error:
        raise StackError(f"the database does not answer: {error}. Is DATABASE_URL right?") from None
    path = partial / MANIFEST
    path.write_text(manifest.model_dump_json(indent=2))
    path.chmod(0o600)
    partial.rename(folder)
    return manifest


def _dumped(connection: psycopg.Connection, url: str, folder: Path) -> Manifest:
    connection.execute("set transaction isolation level repeatable read, read only")
    # Take the time before the snapshot, so that no later sending counts as known.
    [(taken_at, snapshot)] = connection.execute("select now(), pg_export_snapshot()").fetchall()
    major = connection.info.server_version // 10_000
    programs.require_version(major)
    with step("count rows"):
        rows = counted(connection, tables(connection))
    with step("pg_dump"):
        _dump(url, snapshot, folder / DUMP, rows)
    with step("checksum"):
        digest = sha256(folder / DUMP)
    return Manifest(
        taken_at=taken_at,
        server_major=major,
        migrations=migrations(connection),
        rows=rows,
        dump_bytes=(folder / DUMP).stat().st_size,
        dump_sha256=digest,
    )


def _dump(url: str, snapshot: str, file: Path, rows: Mapping[str, int]) -> None:
    address, variables = programs.connection(url)
    file.touch(mode=0o600)
    with programs.start(
        "pg_dump",
        *("--data-only", "--format=custom", "--verbose", f"--snapshot={snapshot}"),
        *(f"--table={schema}.*" for schema in SCHEMAS),
        *(f"--table={name}" for name in ACCOUNTS),
        f"--exclude-table-data={OF_THE_ENVIRONMENT}",
        *(f"--file={file}", f"--dbname={address}"),
        variables=variables,
    ) as dumping:
        lines = programs.shown(programs.pipe(dumping.stderr), rows)
    if dumping.returncode != 0:
        raise StackError(f"pg_dump failed:\n{programs.errors(lines)}")


if __name__ == "__main__":
    sys.exit(main())
