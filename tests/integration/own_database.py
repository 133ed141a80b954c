"""Databases of a test's own, apart from the stack's: no running worker sends their email."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from local.migrations import provided
from tests.integration.connections import close_idle, connected

_CHECKOUT = Path(__file__).resolve().parents[2]
SUPABASE = provided(_CHECKOUT)
SCHEMAS = sorted((_CHECKOUT / "supabase" / "schemas").glob("*.sql"))
MIGRATIONS = sorted((_CHECKOUT / "supabase" / "migrations").glob("*.sql"))


@contextmanager
def own_database(url: str) -> Iterator[str]:
    """Make a database with the product's schema on the same server."""
    with empty_database(url, template=_template(url)) as own:
        yield own


@contextmanager
def empty_database(url: str, template: str = "template1") -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    own = make_conninfo(url, dbname=name)
    # The owner that supabase.sql sets; a copy would otherwise belong to the superuser.
    create = sql.SQL("create database {} template {} owner postgres")
    _server(url, create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield own
    finally:
        close_idle(own)
        drop = sql.SQL("drop database {} with (force)")
        _server(url, drop.format(sql.Identifier(name)))


@cache
def _template(url: str) -> str:
    """Make the database that tests copy, once per content of the files; return its name."""
    contents = b"".join(path.read_bytes() for path in [*SUPABASE, *SCHEMAS])
    ours = f"template_{_short(str(_CHECKOUT).encode())}_"
    name = ours + _short(contents)
    with psycopg.connect(url, autocommit=True) as server:
        # The first of several test processes makes it.
        server.execute("select pg_advisory_lock(hashtext('template'))")
        made = "select datname from pg_database where starts_with(datname, %s)"
        known = [row[0] for row in server.execute(made, [ours]).fetchall()]
        if name not in known:
            for old in known:
                server.execute(sql.SQL("drop database {}").format(sql.Identifier(old)))
            _make_template(url, name)
    return name


def _short(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()[:12]


def _make_template(url: str, name: str) -> None:
    with empty_database(url) as made:
        run_scripts(made, SUPABASE)
        run_scripts(made, SCHEMAS, role="postgres")
        copy = sql.SQL("create database {} template {} owner postgres allow_connections false")
        source = str(conninfo_to_dict(made)["dbname"])
        _server(url, copy.format(sql.Identifier(name), sql.Identifier(source)))


def _server(url: str, statement: sql.Composed) -> None:
    with connected(url, autocommit=True) as server:
        server.execute(statement)


def run_scripts(url: str, paths: Sequence[Path], role: str | None = None) -> None:
    """Run SQL files, one transaction each, as the given role."""
    with psycopg.connect(url, autocommit=True) as connection:
        if role:
            connection.execute("select set_config('role', %s, false)", [role])
        for path in paths:
            with connection.transaction():
                connection.execute(path.read_bytes())
