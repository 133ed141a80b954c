"""Problems of the database that the files make."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
from psycopg import sql

from local import supabase_cli
from local.progress import complain
from local.schema.databases import Databases, built
from local.schema.dump import differences, objects
from local.stack import CHECKOUT


def problems(server: str, checkout: Path = CHECKOUT) -> Iterator[str]:
    """Yield where schemas and migrations differ, and what the Supabase CLI finds in them."""
    with built(server, checkout) as databases, ThreadPoolExecutor() as pool:
        linted = pool.submit(_lint, databases.described)
        advice = pool.submit(supabase_cli.advisors, databases.described)
        for difference in different(databases):
            yield f"supabase/schemas (-) and supabase/migrations (+) differ in {difference}"
        yield from (f"lint: {finding}" for finding in linted.result())
        yield from (f"advisors: {finding}" for finding in advice.result())


def different(databases: Databases) -> Iterator[str]:
    """Yield the name of each object that is not the same in both, with the lines that differ."""
    return differences(objects(databases.described), objects(databases.migrated))


def _lint(url: str) -> list[str]:
    with psycopg.connect(url, autocommit=True) as connection:
        known = connection.execute("select 1 from pg_extension where extname = 'plpgsql_check'")
        if known.fetchone() is None:
            complain("note: functions are NOT LINTED, plpgsql_check is missing: `make setup`")
            return []
        # As on a hosted project: the linter is looked for in schema `extensions` too.
        path = sql.SQL("alter database {} set search_path to public, extensions")
        connection.execute(path.format(sql.Identifier(connection.info.dbname)))
    return supabase_cli.lint(url)
