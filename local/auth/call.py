"""A request, once its body has been read, and the transaction that answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from starlette.datastructures import Headers

from local.auth.project import Project
from local.auth.refusal import invalid

Row = dict[str, Any]
Database = psycopg.Connection[Row]


@dataclass(frozen=True)
class Call:
    project: Project
    database: Database
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Headers
    body: Mapping[str, Any]
    # The client's address, if known.
    ip: str | None

    def text(self, name: str) -> str:
        """Return a field of the body, or "" if it is missing."""
        value = self.body.get(name)
        if not isinstance(value, str | None):
            raise invalid(f"{name} has to be a string")
        return value or ""

    def data(self, name: str) -> dict[str, Any]:
        value = self.body.get(name)
        if not isinstance(value, dict | None):
            raise invalid(f"{name} has to be an object")
        return value or {}

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.body.get(name, default)
        if not isinstance(value, bool):
            raise invalid(f"{name} has to be a boolean")
        return value

    def one(self, query: str, *values: object) -> Row | None:
        return self.database.execute(query.encode(), values).fetchone()

    def run(self, query: str, *values: object, **names: str) -> None:
        """Run a statement; `names` fills in tables and columns, which no client chooses."""
        found = {name: sql.Identifier(*value.split(".")) for name, value in names.items()}
        statement = sql.SQL(query).format(**found) if names else query.encode()
        self.database.execute(statement, values)


Handler = Callable[[Call], Any]
