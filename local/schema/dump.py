"""Dumps the objects and rows of a freshly built database, for comparison."""

import difflib
import json
import re
import subprocess
from collections.abc import Iterator, Mapping

import psycopg
from psycopg import sql

from local.errors import StackError
from local.postgres_cluster import program

# The comment that `pg_dump` writes above each object.
_HEADER = re.compile(
    r"^--\n-- Name: (?P<name>.*); Type: (?P<type>.*); Schema: (?P<schema>.*); Owner: .*\n--\n",
    re.MULTILINE,
)
# Not part of an object: a random token that guards psql against hostile dumps, and the end comment.
_NOISE = re.compile(
    r"^\\(un)?restrict .*\n|^--\n-- PostgreSQL database dump complete\n", re.MULTILINE
)
_TABLES = "select schemaname, tablename from pg_tables where schemaname in ('public', 'private')"
# The time of the build does not count as a difference.
_ROWS = "select to_jsonb(t.*) - '{{created_at, updated_at}}'::text[] as row from {} as t"


def objects(url: str) -> Mapping[str, str]:
    """Return the statements that define each object, with its grants, and the rows of tables.

    The keys name the object, as in `FUNCTION private.caller_id()`. Raises StackError.
    """
    text = _NOISE.sub("", _dump(url))
    found: dict[str, str] = {}
    headers = list(_HEADER.finditer(text))
    ends = [header.start() for header in headers[1:]] + [len(text)]
    for header, end in zip(headers, ends, strict=True):
        name = f"{header['type']} {header['schema']}.{header['name']}"
        found[name] = found.get(name, "") + text[header.end() : end].strip() + "\n"
    return {**found, **_rows(url)}


def differences(first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[str]:
    """Yield the name of each object that differs, then its differing lines."""
    for name in sorted(first.keys() | second.keys()):
        before, after = (each.get(name, "").splitlines() for each in (first, second))
        if before != after:
            changed = list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]
            yield "\n".join([name, *(f"    {line}" for line in changed)])


def _dump(url: str) -> str:
    made = subprocess.run(
        [
            *(program("pg_dump"), "--schema-only", f"--dbname={url}"),
            "--exclude-schema=supabase_migrations",  # the tables of `supabase db push`
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise StackError(f"pg_dump failed:\n{made.stderr.strip()}")
    return made.stdout


def _rows(url: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    with psycopg.connect(url) as connection:
        for schema, table in connection.execute(_TABLES).fetchall():
            query = sql.SQL(_ROWS).format(sql.Identifier(schema, table))
            rows = sorted(json.dumps(row) for (row,) in connection.execute(query))
            found[f"ROWS {schema}.{table}"] = "\n".join(rows)
    return found
