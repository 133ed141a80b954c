"""Builds two databases from the files, on a temporary cluster."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from local import supabase_cli
from local.credentials import credentials
from local.errors import StackError
from local.migrations import provided
from local.postgres_cluster import database_url, initialise, postgres
from local.stack import CHECKOUT, stack
from local.supervisor import Supervisor, refuse_taken_ports


@dataclass(frozen=True)
class Databases:
    described: str
    migrated: str


@contextmanager
def server() -> Iterator[str]:
    """Run the temporary cluster; yield the superuser's address."""
    here = stack("check")
    here.state.mkdir(parents=True, exist_ok=True)
    with (here.state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        initialise(here)
        supervisor = Supervisor(here)
        refuse_taken_ports(here, supervisor, ("postgres",))
        try:
            supervisor.ensure(postgres(here))
            yield database_url(here, credentials(here))
        finally:
            supervisor.stop()


@contextmanager
def described(server: str, checkout: Path = CHECKOUT) -> Iterator[str]:
    """Build a database from a checkout's schemas; drop it afterwards."""
    name = f"schemas_{uuid4().hex[:12]}"
    try:
        _run(server, sql.SQL("create database {}"), name)
        _provide(_address(server, name), checkout)
        _run(server, sql.SQL("alter database {} owner to postgres"), name)
        _describe(_address(server, name), checkout)
        yield _address(server, name)
    finally:
        _run(server, sql.SQL("drop database if exists {} with (force)"), name)


@contextmanager
def built(server: str, checkout: Path = CHECKOUT) -> Iterator[Databases]:
    """Build both databases from a checkout's files; drop them afterwards."""
    mark = uuid4().hex[:12]
    empty, described, migrated = (f"{kind}_{mark}" for kind in ("empty", "schemas", "migrations"))
    try:
        _run(server, sql.SQL("create database {}"), empty)
        _provide(_address(server, empty), checkout)
        for name in (described, migrated):
            # As supabase.sql sets it; without this, the copy would belong to the superuser.
            _run(server, sql.SQL("create database {} template {} owner postgres"), name, empty)
        found = Databases(_address(server, described), _address(server, migrated))
        # Not concurrently: both change settings of the same roles, which belong to the cluster.
        _describe(found.described, checkout)
        supabase_cli.push(found.migrated, checkout)
        yield found
    finally:
        for name in (empty, described, migrated):
            _run(server, sql.SQL("drop database if exists {} with (force)"), name)


def _provide(url: str, checkout: Path) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for path in provided(checkout):
            connection.execute(path.read_bytes())


def _describe(url: str, checkout: Path) -> None:
    for path in sorted((checkout / "supabase" / "schemas").glob("*.sql")):
        with psycopg.connect(url) as connection:
            connection.execute("set role postgres")
            try:
                connection.execute(path.read_bytes())
            except psycopg.Error as error:
                raise StackError(f"{path.name}: {error}") from error


def _run(server: str, statement: sql.SQL, *names: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.format(*map(sql.Identifier, names)))


def _address(server: str, database: str) -> str:
    return f"{server.rpartition('/')[0]}/{database}"
