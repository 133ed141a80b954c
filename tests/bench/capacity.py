"""`make capacity ARGS=measure`: measures the story's steps, into local/capacity/measured.json."""

import json
import time
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import psycopg

from local.capacity.figures import MEASURED
from local.environment import read
from local.progress import say
from local.seed.filling import SeedError, fill
from local.stack import stack
from tests.bench.meters import Meters, machine, schedules_resting, warm_connection
from tests.bench.monthly import BY_BOTH, Story
from tests.integration.own_database import own_database
from tests.support.people import People

PAIRS, _WARMING = 4, 3
_NEIGHBOURS = 3000
_BACKGROUND_SECONDS = 90
_FIRST_SCHEDULES_SECONDS = 70  # by then, the functions that run every minute are warm
# Bytes per row, with indexes, of the tables that seeding fills.
_BYTES = """
select format('%s.%s', statistics.schemaname, statistics.relname),
    round(pg_total_relation_size(statistics.relid) / tables.reltuples)::bigint
from pg_stat_user_tables as statistics
inner join pg_class as tables on tables.oid = statistics.relid
where tables.reltuples >= 1000 and statistics.schemaname in ('public', 'private', 'auth')
"""


def main() -> None:
    values = read(stack("test"))
    with psycopg.connect(values["DATABASE_URL"], autocommit=True) as connection:
        say(f"  {_NEIGHBOURS} neighbours …")
        try:
            fill(connection, profiles=_NEIGHBOURS, city="Vienna", seed=7)
        except SeedError:
            say("  (they live there already)")
        connection.execute("vacuum analyze")
    found: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(),
        "repetitions": PAIRS,
        "steps": _steps(values),
        "background": _background(values),
        "row_bytes": _row_bytes(values),
    }
    MEASURED.write_text(json.dumps(found, indent=1) + "\n")
    say(f"{MEASURED.name} is written. Next: `make capacity` computes docs/scaling.md from it")


def _steps(values: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with People(values) as people, schedules_resting(values), warm_connection(values):
        meters = Meters(values)
        say("  once, so that all functions and connections are warm …")
        for _ in _played(Story(values, people, meters, _WARMING)):
            pass
        meters.settle()
        for name, use in _played(Story(values, people, meters, PAIRS), meters):
            found[name] = use
            say(
                f"  {name}: {use['requests']:g} requests, {use['database_cpu_ms']} ms of PostgreSQL"
            )
        meters.close()
    return found


def _played(story: Story, meters: Meters | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Play the story step by step with all pairs; yield each step with its mean use."""
    for name, step in story.steps():
        if prepare := getattr(story, f"prepare_{name}", None):
            prepare()
            if meters:
                meters.settle()
        story.refill()
        use: dict[str, Any] = {}
        times = len(story.pairs) * (2 if name in BY_BOTH else 1)
        with meters.counting(use, times) if meters else nullcontext():
            for pair in story.pairs:
                step(pair)
            getattr(story, f"after_{name}", lambda: None)()
        yield name, use


def _background(values: dict[str, str]) -> dict[str, Any]:
    """Return what the schedules use in a minute without due work."""
    say("  the schedules …")
    meters, use = Meters(values), dict[str, Any]()
    with warm_connection(values):
        time.sleep(_FIRST_SCHEDULES_SECONDS)
        with meters.counting(use, 1):
            time.sleep(_BACKGROUND_SECONDS)
    minutes = use["functions"]["session_reminders"]["calls"]["invocations"]  # it runs every minute
    meters.close()
    return _scaled(use, 1 / minutes)


def _row_bytes(values: dict[str, str]) -> dict[str, int]:
    """Measure rows in a new database: tables of a used one also hold the space of deleted rows."""
    with own_database(values["DATABASE_URL"]) as url, psycopg.connect(url, autocommit=True) as own:
        fill(own, profiles=_NEIGHBOURS, city="Vienna", seed=7)
        own.execute("vacuum analyze")
        found = own.execute(_BYTES.encode()).fetchall()
    return {name: int(size) for name, size in sorted(found)}


def _scaled(use: dict[str, Any], factor: float) -> dict[str, Any]:
    return {
        key: _scaled(one, factor) if isinstance(one, dict) else round(one * factor, 2)
        for key, one in use.items()
    }


if __name__ == "__main__":
    main()
