"""Fills a local database with believable profiles, thousands per statement."""

import csv
import difflib
import tomllib
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from local.errors import StackError

_HERE = Path(__file__).parent
MOST = 2_000_000
PASSWORD = "try wingman"  # noqa: S105 - as in supabase/seed.sql
_BATCH = 20_000
_LOOPBACK = ("127.0.0.1", "::1")
_STEPS = sorted((_HERE / "steps").glob("*.sql"))

Connection = psycopg.Connection[Any]
# Called with the share that is done, from 0 to 1.
Progress = Callable[[float], None]


class SeedError(StackError):
    """The database cannot be filled; the message says what to do."""


class City(NamedTuple):
    name: str
    latitude: float
    longitude: float


def email(person: int, seed: int = 1) -> str:
    """Return the address of a seeded user; people are numbered from 1."""
    return f"dog{person}@{_domain(seed)}"


def fill(
    connection: Connection,
    *,
    profiles: int,
    seed: int = 1,
    city: str | None = None,
    progress: Progress = lambda _share: None,
) -> None:
    """Add users in 300 cities, a few large and many small, or all in the given one.

    The same arguments make the same users, with a history up to now. It is one transaction of a
    superuser without triggers, whose work the statements do themselves. Raises SeedError.
    """
    _check(connection, profiles, seed)
    homes = _homes(city)
    with connection.transaction():
        connection.execute("set local session_replication_role = replica")
        _set(connection, seed=seed, profiles=profiles, domain=_domain(seed))
        _prepare(connection, homes)
        batches = range(1, profiles + 1, _BATCH)
        for place, step in enumerate(_STEPS):
            statements = step.read_bytes()
            for number, first in enumerate(batches):
                _set(connection, first=first, last=min(first + _BATCH - 1, profiles))
                connection.execute(statements)
                progress((place + (number + 1) / len(batches)) / len(_STEPS))
    connection.execute("analyze")


def _check(connection: Connection, profiles: int, seed: int) -> None:
    host = connection.info.hostaddr or connection.info.host
    if host not in _LOOPBACK:
        raise SeedError(f"{host} is not this machine: only a local database can be seeded")
    if not 1 <= profiles <= MOST:
        raise SeedError(f"profiles={profiles} is not between 1 and {MOST}")
    known = connection.execute("select from auth.users where email = %s", [email(1, seed)])
    if known.fetchone() is not None:
        raise SeedError(
            f"seed={seed} is in this database already: use another seed, or begin again with"
            " `make reset` and `make up`"
        )


def _domain(seed: int) -> str:
    return f"{seed}.seed.example"  # .example has no addresses


def _homes(name: str | None) -> Sequence[City]:
    known = cities()
    if name is None:
        return known
    found = [city for city in known if city.name.casefold() == name.casefold()]
    if not found:
        near = difflib.get_close_matches(name, [city.name for city in known], n=3, cutoff=0.4)
        raise SeedError(f"city={name} is not in local/seed/cities.csv: try {', '.join(near)}")
    return found


def cities() -> Sequence[City]:
    """Return the cities, the largest first."""
    with (_HERE / "cities.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [City(row["name"], float(row["latitude"]), float(row["longitude"])) for row in rows]


def _set(connection: Connection, **settings: object) -> None:
    for name, value in settings.items():
        connection.execute("select set_config(%s, %s, true)", [f"seed.{name}", str(value)])


def _prepare(connection: Connection, homes: Sequence[City]) -> None:
    connection.execute((_HERE / "tables.sql").read_bytes())
    with connection.cursor().copy("copy pg_temp.cities from stdin") as copy:
        for rank, (home, share) in enumerate(zip(homes, _shares(len(homes)), strict=True), start=1):
            copy.write_row((rank, home.latitude, home.longitude, share))
    words = tomllib.loads((_HERE / "words.toml").read_text())
    names = sql.SQL(", ").join(map(sql.Identifier, words))
    values = sql.SQL(", ").join(map(sql.Placeholder, words))
    connection.execute(
        sql.SQL("insert into pg_temp.words ({}) values ({})").format(names, values), words
    )
    connection.execute((_HERE / "people.sql").read_bytes())


def _shares(count: int) -> Sequence[float]:
    """Return, by rank, the share of people in this or a larger city (Zipf)."""
    sums = list(accumulate(1 / rank for rank in range(1, count + 1)))
    return [one / sums[-1] for one in sums]
