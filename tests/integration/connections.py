"""Pooled connections to PostgreSQL: opening one costs more than most tests do with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]
Connection = psycopg.Connection[Row]

_idle: dict[tuple[str, bool], list[Connection]] = {}


@contextmanager
def connected(url: str, *, autocommit: bool = False) -> Iterator[Connection]:
    """Lend a connection; commit at the end of the block, unless it raised."""
    idle = _idle.setdefault((url, autocommit), [])
    connection = (
        idle.pop()
        if idle
        else psycopg.connect(
            url, autocommit=autocommit, row_factory=dict_row, prepare_threshold=None
        )
    )
    try:
        yield connection
        connection.commit()
    finally:
        connection.rollback()  # a no-op after a commit
        idle.append(connection)


def close_idle(url: str) -> None:
    for autocommit in (True, False):
        for connection in _idle.pop((url, autocommit), []):
            connection.close()
