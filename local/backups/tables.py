"""The tables that hold our data, and Supabase Auth's tables of accounts."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

import psycopg
from psycopg import sql

from local.migrations import ledger

SCHEMAS = ("public", "private")
# The tables that make up an account. Supabase Auth's other tables hold its migrations, flows that
# last for minutes, its log and its single sign-on.
ACCOUNTS = (
    "auth.users",
    "auth.identities",
    "auth.mfa_factors",
    "auth.sessions",
    "auth.mfa_amr_claims",
    "auth.refresh_tokens",
    "auth.one_time_tokens",
)
# Each environment has its own key: `make deploy` and `make up` let the database accept it.
OF_THE_ENVIRONMENT = "private.backend_keys"
_TABLES = """
    select format('%%I.%%I', spaces.nspname, tables.relname)
    from pg_class as tables
    inner join pg_namespace as spaces on tables.relnamespace = spaces.oid
    where tables.relkind = 'r' and tables.relispartition is false
        and (
            spaces.nspname = any(%s)
            or format('%%I.%%I', spaces.nspname, tables.relname) = any(%s)
        )
    order by 1
"""


def tables(connection: psycopg.Connection) -> list[str]:
    """Return the names of the tables that a backup holds, as SQL writes them."""
    found = connection.execute(_TABLES, [list(SCHEMAS), list(ACCOUNTS)]).fetchall()
    return [name for (name,) in found if name != OF_THE_ENVIRONMENT]


def counted(connection: psycopg.Connection, names: Iterable[str]) -> Mapping[str, int]:
    """Return the number of rows of each table."""
    counts: dict[str, int] = {}
    for name in names:
        query = sql.SQL("select count(*) from {}").format(sql.SQL(name))
        row = connection.execute(query).fetchone()
        counts[name] = row[0] if row else 0
    return counts


def migrations(connection: psycopg.Connection) -> Mapping[str, str]:
    """Return a digest of the statements of each migration that was applied."""
    return {
        version: sha256("\n".join(statements).encode()).hexdigest()
        for version, statements in ledger(connection).items()
    }
