"""PostgreSQL's own programs: the password goes into their environment, progress into lines."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from local.errors import StackError
from local.parts import clean_env
from local.postgres_cluster import program
from local.progress import say
from local.supabase_cli import without_password

# How pg_dump and pg_restore name a table under --verbose; an odd name is quoted.
_TABLE = re.compile(r'(?:dumping contents of|processing data for) table "([^"]+)"')
_POOLER_BY_TRANSACTION = ":6543/"


def database_url() -> str:
    if url := os.environ.get("DATABASE_URL"):
        return url
    raise StackError(
        "DATABASE_URL is not set: it is the address of the environment's database (Supabase →"
        " Connect → Session pooler)"
    )


def connection(url: str) -> tuple[str, dict[str, str]]:
    """Return an address without its password, and the variables that hold it."""
    if _POOLER_BY_TRANSACTION in url:
        raise StackError(
            "DATABASE_URL leads to the transaction pooler, which keeps no session: use the address"
            " on port 5432 (Supabase → Connect → Session pooler, or the direct connection)"
        )
    return without_password(url)


def start(
    name: str, *arguments: str | Path, variables: Mapping[str, str], stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [program(name), *arguments],
        env=clean_env(**variables),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def pipe(end: IO[bytes] | None) -> IO[bytes]:
    if end is None:
        raise ValueError("the program was started without this pipe")
    return end


def require_version(server_major: int) -> None:
    """Refuse a server newer than our programs, which cannot read it. Raises StackError."""
    done = subprocess.run(
        [program("pg_dump"), "--version"], capture_output=True, text=True, check=True
    )
    own = int(re.findall(r"\d+", done.stdout)[0])
    if own < server_major:
        raise StackError(
            f"the database runs PostgreSQL {server_major}, and pg_dump here is {own}: install"
            f" the client programs of {server_major} (postgresql-client-{server_major})"
        )


def shown(lines: IO[bytes], rows: Mapping[str, int]) -> list[str]:
    """Print a line for each table that is begun; return all other lines."""
    others = []
    done = 0
    for line in _text(lines):
        if found := _TABLE.search(line):
            done += 1
            count = rows.get(found[1], 0)
            if count:
                say(f"  {done:>3} of {len(rows)}  {found[1]:<44} {count:>12,} rows")
        else:
            others.append(line)
    return others


def _text(lines: IO[bytes]) -> Iterator[str]:
    for line in lines:
        yield line.decode(errors="replace").rstrip()


def errors(lines: Sequence[str]) -> str:
    """Return the lines that say what went wrong, or the last ones."""
    wrong = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    return "\n".join(f"    {line}" for line in (wrong or lines)[-10:])
