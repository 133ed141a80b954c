"""The schema: what Supabase provides, the migrations in order, then the seed."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from local.credentials import credentials
from local.errors import StackError
from local.postgres_cluster import database_url
from local.stack import Stack

_APPLIED = """
create schema if not exists local_stack;
create table if not exists local_stack.applied (
    file text primary key,
    sha256 text not null
);
"""
# Where `supabase db push` keeps its record too.
_LEDGER = """
create schema if not exists supabase_migrations authorization postgres;
create table if not exists supabase_migrations.schema_migrations (
    version text primary key,
    statements text[],
    name text
);
alter table supabase_migrations.schema_migrations owner to postgres;
"""


class ChangedMigrationError(StackError):
    """A file that was already applied reads differently now."""


@dataclass(frozen=True)
class Script:
    """One SQL file."""

    path: Path

    @property
    def version(self) -> str:
        """Return the timestamp in front of a migration's name."""
        return self.path.stem.partition("_")[0]

    @property
    def is_migration(self) -> bool:
        """Say whether it is the product's own, and no part of what Supabase provides."""
        return self.path.parent.name == "migrations"

    @property
    def text(self) -> str:
        """Return the statements."""
        return self.path.read_text()

    @property
    def sha256(self) -> str:
        """Return the fingerprint of the statements."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrate(stack: Stack) -> int:
    """Bring the database up to date; return how many migrations were applied."""
    secret = credentials(stack)
    with psycopg.connect(database_url(stack, secret), autocommit=True) as connection:
        connection.execute(_APPLIED)
        _provide_supabase(connection, stack, secret.authenticator_password)
        connection.execute(_LEDGER)
        fresh = [script for script in _scripts(stack) if _is_new(connection, script)]
        for script in fresh:
            _apply(connection, script)
        _seed(connection, stack)
        if fresh:
            connection.execute("notify pgrst, 'reload schema'")
    return len(fresh)


def _scripts(stack: Stack) -> list[Script]:
    folder = stack.checkout / "supabase" / "migrations"
    return [Script(path) for path in sorted(folder.glob("*.sql"))]


def _provide_supabase(
    connection: psycopg.Connection, stack: Stack, authenticator_password: str
) -> None:
    script = Script(stack.checkout / "local" / "postgres" / "supabase.sql")
    if _is_new(connection, script):
        _apply(connection, script)
    statement = sql.SQL("alter role authenticator with login password {}")
    connection.execute(statement.format(sql.Literal(authenticator_password)))


def _is_new(connection: psycopg.Connection, script: Script) -> bool:
    known = connection.execute(
        "select sha256 from local_stack.applied where file = %s", [script.path.name]
    ).fetchone()
    if known is not None and known != (script.sha256,):
        raise ChangedMigrationError(
            f"{script.path.name} changed after it was applied: `make reset` starts over "
            "(the local data is lost), or put the change into a new migration"
        )
    return known is None


def _apply(connection: psycopg.Connection, script: Script) -> None:
    """Run one file and record it, both or neither."""
    try:
        with connection.transaction():
            if script.is_migration:  # as on a hosted project, where nothing runs as a superuser
                connection.execute("set local role postgres")
            connection.execute(script.text.encode())
            connection.execute("reset role")
            connection.execute(
                "insert into local_stack.applied values (%s, %s)",
                [script.path.name, script.sha256],
            )
            if script.is_migration:
                connection.execute(
                    "insert into supabase_migrations.schema_migrations values (%s, %s, %s)",
                    [script.version, [script.text], script.path.stem.partition("_")[2]],
                )
    except psycopg.Error as error:
        raise StackError(f"{script.path.name}: {_place(script, error)}{error}") from error


def _place(script: Script, error: psycopg.Error) -> str:
    position = error.diag.statement_position
    if position is None:
        return ""
    line = script.text[: int(position)].count("\n") + 1
    return f"line {line}: "


def _seed(connection: psycopg.Connection, stack: Stack) -> None:
    """Insert the demo data; the file is written so that a second run changes nothing."""
    path = stack.checkout / "supabase" / "seed.sql"
    if path.exists():
        with connection.transaction():
            connection.execute("set local role postgres")
            connection.execute(path.read_bytes())
