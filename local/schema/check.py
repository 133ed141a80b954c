"""Finds problems in the database that the files define."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from local.schema import rules
from local.schema.databases import Databases, built
from local.schema.dump import differences, objects
from local.stack import CHECKOUT

_LINT = Path(__file__).with_name("lint.sql")


def problems(server: str, checkout: Path = CHECKOUT) -> Iterator[str]:
    """Yield differences between schemas and migrations, and the linters' findings."""
    with built(server, checkout) as databases, ThreadPoolExecutor() as pool:
        linted = pool.submit(lambda: list(_lint(databases.described)))
        advice = pool.submit(lambda: list(rules.broken(databases.described)))
        for difference in different(databases):
            yield f"supabase/schemas (-) and supabase/migrations (+) differ in {difference}"
        yield from (f"lint: {finding}" for finding in linted.result())
        yield from (f"advisors: {finding}" for finding in advice.result())


def different(databases: Databases) -> Iterator[str]:
    """Yield the name of each object that differs, with its lines."""
    return differences(objects(databases.described), objects(databases.migrated))


def _lint(url: str) -> Iterator[str]:
    with psycopg.connect(url) as connection:
        try:
            connection.execute("create extension plpgsql_check with schema extensions")
        except psycopg.errors.FeatureNotSupported:
            yield "no function was linted: install plpgsql_check (CONTRIBUTING.md, Set up)"
            return
        for line, function, problem in connection.execute(_LINT.read_bytes()):
            yield f"{function}, line {line}: {problem}"
        connection.rollback()  # the comparison must not see the extension
