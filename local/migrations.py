"""The schema of a stack: Supabase's own objects, the migrations, the seed, our settings."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from local import supabase_cli
from local.credentials import Credentials, credentials
from local.edge.api import PHOTOS
from local.errors import StackError
from local.postgres_cluster import database_url
from local.stack import Stack

# The table of `supabase db push`: the statements of a file, without the text between them.
_LEDGER = "select version, statements from supabase_migrations.schema_migrations"
_BETWEEN = " \n\r\t;"

Ledger = Mapping[str, Sequence[str]]


class ChangedMigrationError(StackError):
    """The database was built from other migration files than those in the checkout."""

    def __init__(self, difference: str) -> None:
        super().__init__(
            f"{difference}. The database must be recreated, without its data: `make reset`, then"
            " `make up`. Never edit a released migration, add one: `make migration NAME=…`"
        )


def migrate(stack: Stack) -> int:
    secret = credentials(stack)
    url = database_url(stack, secret)
    with psycopg.connect(url, autocommit=True) as connection:
        _provide_supabase(connection, stack.checkout, secret)
        fresh = unapplied(files(stack.checkout), ledger(connection))
        if fresh:
            supabase_cli.push(url, stack.checkout)
            connection.execute("notify pgrst, 'reload schema'")
        _seed(connection, stack.checkout)
        digest = hashlib.sha256(secret.backend_key.encode()).hexdigest()
        connection.execute("select public.accept_backend_key(%s)", [digest])
        connection.execute("select public.set_photos_url(%s)", [f"{stack.url('api')}{PHOTOS}"])
    return len(fresh)


def files(checkout: Path) -> list[Path]:
    return sorted((checkout / "supabase" / "migrations").glob("*.sql"))


def ledger(connection: psycopg.Connection) -> Ledger:
    try:
        rows = connection.execute(_LEDGER).fetchall()
    except psycopg.errors.UndefinedTable:
        return {}
    return {version: statements or [] for version, statements in rows}


def unapplied(migrations: Sequence[Path], applied: Ledger) -> list[Path]:
    """Return the files to apply. Raises ChangedMigrationError if applied ones have changed."""
    by_version = {path.stem.partition("_")[0]: path for path in migrations}
    for version, statements in applied.items():
        path = by_version.pop(version, None)
        if path is None:
            raise ChangedMigrationError(f"migration {version} was applied, but its file is gone")
        if not _same(path.read_text(), statements):
            raise ChangedMigrationError(f"{path.name} changed after it was applied")
    last = max(applied, default="")
    for version, path in by_version.items():
        if version < last:
            raise ChangedMigrationError(f"{path.name} is older than {last}, which was applied")
    return list(by_version.values())


def _same(text: str, statements: Sequence[str]) -> bool:
    """Return whether the text consists of these statements."""
    position = 0
    for statement in statements:
        found = text.find(statement, position)
        if found < 0 or text[position:found].strip(_BETWEEN):
            return False
        position = found + len(statement)
    return not text[position:].strip(_BETWEEN)


def provided(checkout: Path) -> list[Path]:
    """Return the files, in order, that set up a new hosted project's own objects."""
    folder = checkout / "local" / "postgres"
    return [folder / "supabase.sql", folder / "supabase_auth.sql"]


def _provide_supabase(connection: psycopg.Connection, checkout: Path, secret: Credentials) -> None:
    """Run the `provided` files; a second run changes nothing."""
    for path in provided(checkout):
        with connection.transaction():
            connection.execute(path.read_bytes())
    statement = sql.SQL("alter role {} with login password {}")
    for role, password in (
        ("authenticator", secret.authenticator_password),
        ("supabase_auth_admin", secret.auth_admin_password),
    ):
        connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


def _seed(connection: psycopg.Connection, checkout: Path) -> None:
    path = checkout / "supabase" / "seed.sql"
    if path.exists():
        with connection.transaction():
            connection.execute("set local role postgres")
            connection.execute(path.read_bytes())
