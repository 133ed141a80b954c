"""How PostgreSQL executes what a function does."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.rows import dict_row

from tests.integration.connections import Connection
from tests.integration.database import Actor, invoke


def plans(url: str, actor: Actor, function: str, **params: object) -> str:
    with explained(url, actor) as (connection, found):
        invoke(connection, function, **params)
    return "\n".join(found)


@contextmanager
def explained(url: str, actor: Actor) -> Iterator[tuple[Connection, list[str]]]:
    """Open a connection as the actor, and a list that gets the plan of every statement on it."""
    found: list[str] = []
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.add_notice_handler(lambda notice: found.append(notice.message_primary or ""))
        _explain(connection)
        connection.execute(
            "select set_config('request.jwt.claims', %s, true)",
            [f'{{"sub": "{actor.user_id}"}}'],
        )
        yield connection, found


def full_scans(plans: str, *tables: str) -> list[str]:
    """Return the lines that read one of the tables from end to end."""
    return [
        line.strip()
        for line in plans.splitlines()
        if any(f"Seq Scan on {table}" in line for table in tables)
    ]


def _explain(connection: Connection) -> None:
    connection.execute("load 'auto_explain'")
    for setting in (
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_nested_statements = on",
        "auto_explain.log_level = notice",
        # A hosted project has this setting, because it runs on solid-state disks.
        "random_page_cost = 1.1",
    ):
        connection.execute(f"set {setting}".encode())
