"""Loads, counts, checks and settles the rows of a backup in one transaction."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from shutil import copyfileobj
from subprocess import PIPE, Popen
from threading import Thread
from typing import Any
from uuid import UUID

from psycopg import sql

from local.backups import programs
from local.backups.archive import DUMP, Manifest
from local.errors import StackError

_REFERENCES = Path(__file__).with_name("references.sql")
_SETTLED = "settled "


def load(
    url: str,
    folder: Path,
    manifest: Manifest,
    *,
    filled: Sequence[str],
    replace: bool,
    stopped_at: datetime,
    departed: Sequence[UUID],
) -> Mapping[str, Any]:
    """Fill the tables from a backup; return what had to be settled. Raises StackError."""
    address, variables = programs.connection(url)
    with tempfile.TemporaryDirectory() as name:
        before, after = Path(name) / "before.sql", Path(name) / "after.sql"
        before.write_text(_before(filled, replace=replace))
        after.write_text(_after(manifest, stopped_at, departed))
        script = ("--file=-", f"--file={_REFERENCES}", f"--file={after}")
        with (
            programs.start(
                "psql",
                *("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--single-transaction"),
                *("--set=ON_ERROR_STOP=1", f"--dbname={address}", f"--file={before}", *script),
                variables=variables,
                stdin=PIPE,
            ) as loading,
            programs.start(
                *("pg_restore", "--data-only", "--verbose", "--file=-", folder / DUMP), variables={}
            ) as reading,
        ):
            return _settled(*_piped(reading, manifest, loading))


def _piped(
    reading: Popen[bytes], manifest: Manifest, loading: Popen[bytes]
) -> tuple[bytes, bytes, int]:
    said: list[str] = []
    complaints = programs.pipe(reading.stderr)
    progress = Thread(target=lambda: said.extend(programs.shown(complaints, manifest.rows)))
    progress.start()
    try:
        copyfileobj(programs.pipe(reading.stdout), programs.pipe(loading.stdin), 1 << 20)
    except BrokenPipeError:
        reading.kill()  # psql has ended, and says why
    else:
        if reading.wait() != 0:
            loading.kill()  # before it commits
            progress.join()
            raise StackError(f"the dump cannot be read:\n{programs.errors(said)}")
    progress.join()
    output, errors = loading.communicate()
    return output, errors, loading.returncode


def _settled(output: bytes, complaints: bytes, code: int) -> Mapping[str, Any]:
    if code != 0:
        lines = complaints.decode(errors="replace").splitlines()
        raise StackError(
            f"the rows were not loaded, and the database is as it was:\n{programs.errors(lines)}"
        )
    lines = [line for line in output.decode().splitlines() if line.startswith(_SETTLED)]
    found: Mapping[str, Any] = json.loads(lines[-1].removeprefix(_SETTLED))
    return found


def _before(filled: Sequence[str], *, replace: bool) -> str:
    return "\n".join(
        [
            "set statement_timeout = 0;",
            "set lock_timeout = '30s';",
            "lock table auth.users in access exclusive mode;",
            "" if replace else _REQUIRE_NO_ACCOUNT,
            "create temp table kept as select photos_url from private.app_settings;",
            # Without triggers and foreign keys: the rows already show their effects.
            "set session_replication_role = replica;",
            f"truncate {', '.join(filled)};",
        ]
    )


def _after(manifest: Manifest, stopped_at: datetime, departed: Sequence[UUID]) -> str:
    settle = sql.SQL("select {} || public.settle_restored({}, {}, {}::uuid[])::text;").format(
        *map(
            sql.Literal,
            (_SETTLED, manifest.taken_at, stopped_at, [str(user) for user in departed]),
        )
    )
    counts = [
        sql.SQL("select pg_temp.require_rows({}, {});").format(sql.Literal(name), sql.Literal(rows))
        for name, rows in sorted(manifest.rows.items())
        if rows
    ]
    keep = (
        "update private.app_settings set photos_url = (select kept.photos_url from pg_temp.kept);"
    )
    return "\n".join(
        [
            _REQUIRE_ROWS,
            *(each.as_string() for each in counts),
            "set session_replication_role = origin;",
            keep,
            settle.as_string(),
        ]
    )


_REQUIRE_ROWS = """
create function pg_temp.require_rows(p_table text, p_rows bigint)
returns void language plpgsql as $$
declare
    v_rows bigint;
begin
    execute format('select count(*) from %s', p_table) into v_rows;
    if v_rows <> p_rows then
        raise exception '% has % rows, and % in the backup', p_table, v_rows, p_rows;
    end if;
end;
$$;
"""

# An account may have been opened since the target was checked.
_REQUIRE_NO_ACCOUNT = """
do $$
begin
    if exists (select from auth.users) then
        raise exception 'an account was opened just now: stop whatever else uses the database';
    end if;
end;
$$;
"""
