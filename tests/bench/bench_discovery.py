"""The tables of discovery in docs/benchmarks.md: among a million profiles."""

import json
import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from local.environment import read
from local.progress import say
from local.stack import stack
from tests.bench.callers import Callers, Load, served
from tests.bench.neighbourhood import anywhere, dense, hard_cases, neighbourhood
from tests.bench.recall import BEST, Rule, best_of, recall, stopping_by

SMALL, LARGE = 10_000, 1_000_000
AT_ONCE, ROUNDS, VIEWERS, ASKED = 4, 20, 200, 200
# Calls in each round; bench_radius takes much longer.
CALLS = {"ping": 40, "bench_discovery": 40, "discover": 40, "bench_radius": 8}
OURS, RADIUS = "public.bench_discovery()", "public.bench_radius()"
PRODUCT = Rule(200, 3000)
RULES = (
    *(Rule(200, 1000), Rule(300, 2000), Rule(200, 3000), Rule(300, 3000), Rule(500, 3000)),
    *(Rule(300, 5000), Rule(500, 5000), Rule(300, 10_000)),
)
TEXT = """## Discovery

{large} seeded profiles in 300 cities (`make seed`), {small} where it says so. CPU time is that of
PostgreSQL's process; {load:.1f} processes ran on each core. *Radius first* reads all within the
viewer's distance by the index, drops whom the viewer may not see, and sorts by the product's score
(`private.pair_score`, inlined) without meetings.

PostgREST, {at_once} callers at once, {viewers} viewers in the largest city, taking turns:

| | median, ms | 99th percentile, ms | calls a second |
|---|---|---|---|
{callers}
Lists in the time of one by *radius first*: {faster:.0f}.

A list, called directly; CPU time in ms and buffers, median and most of 12 viewers:

| viewers | CPU | most | buffers | radius first: CPU | most | buffers |
|---|---|---|---|---|---|---|
{cases}
*3000 swiped*: whom the viewer swiped are the nearest. *No one fits*: no dog is as old as the viewer
wishes, within 500 km of the largest city. *Rural*: the fiftieth inhabited cell is the farthest.

Of {small} and {large} profiles: {growth:.1f} times the CPU time, {growth_of_buffers:.1f} times the
buffers, for viewers in the largest city.

The best {best} by score of all within the radius, for {asked} viewers anywhere: the share that the
list has. The walk looks at the nearest profiles, then keeps the best that the viewer may see.

| profiles looked at | kept | found | CPU, ms |
|---|---|---|---|
{recall}
The product looks at {scanned} and keeps {kept}.
"""


@dataclass(frozen=True)
class Cost:
    """The CPU milliseconds and the buffers of several viewers."""

    cpu: Sequence[float]
    buffers: Sequence[int]


class Direct:
    """A connection like those of PostgREST's pool."""

    def __init__(self, url: str) -> None:
        self.connection: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True)
        self._statistics = Path(f"/proc/{self.connection.info.backend_pid}/schedstat")

    def cost(self, function: str, viewers: Sequence[UUID]) -> Cost:
        """Call once for each viewer, after a call that fills the caches."""
        cpu, buffers = [], []
        for viewer in viewers:
            self._act_as(viewer)
            self.connection.execute(f"select {function}".encode())
            began = self._milliseconds()
            self.connection.execute(f"select {function}".encode())
            cpu.append(self._milliseconds() - began)
            buffers.append(self._buffers(function))
        return Cost(cpu, buffers)

    def _act_as(self, viewer: UUID) -> None:
        claims = json.dumps({"role": "authenticated", "sub": str(viewer)})
        self.connection.execute("select set_config('request.jwt.claims', %s, false)", [claims])

    def _milliseconds(self) -> float:
        """Return the CPU time of the server's process."""
        return int(self._statistics.read_text().split()[0]) / 1e6

    def _buffers(self, function: str) -> int:
        explain = f"explain (analyze, buffers, format json) select {function}"
        [row] = self.connection.execute(explain.encode()).fetchall()
        plan = row[0][0]["Plan"]
        return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def run() -> str:
    values = read(stack("test"))
    url = values["DATABASE_URL"]
    with neighbourhood(url, SMALL) as small, neighbourhood(url, LARGE) as large:
        return measure(small, large, values)


def measure(small: str, large: str, values: Mapping[str, str]) -> str:
    """Return the section about two databases that neighbourhood() made."""
    say("  callers …")
    with served(large, values) as port:
        viewers = dense(large, VIEWERS)
        callers = Callers(port, values, viewers)
        loads = callers.take_turns(CALLS, rounds=ROUNDS, at_once=AT_ONCE)
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    with _direct(small) as there, _direct(large) as here:
        say("  growth …")
        growth = [one.cost(OURS, dense(url, 40)) for one, url in ((there, small), (here, large))]
        say("  recall …")
        table, asked = _recall(here, large)
        say("  hard cases …")
        cases = {
            name: (here.cost(OURS, viewers), here.cost(RADIUS, viewers))
            for name, viewers in hard_cases(large).items()
        }
    of_cpu = [statistics.median(one.cpu) for one in growth]
    of_buffers = [statistics.median(one.buffers) for one in growth]
    return TEXT.format(
        small=_spaced(SMALL),
        large=_spaced(LARGE),
        load=load,
        at_once=AT_ONCE,
        viewers=VIEWERS,
        callers="".join(_caller(name, one) for name, one in loads.items()),
        faster=loads["bench_discovery"].throughput / loads["bench_radius"].throughput,
        cases="".join(_case(name, *costs) for name, costs in cases.items()),
        growth=of_cpu[1] / of_cpu[0],
        growth_of_buffers=of_buffers[1] / of_buffers[0],
        best=BEST,
        asked=asked,
        recall=table,
        scanned=PRODUCT.scanned,
        kept=PRODUCT.kept,
    )


def _recall(here: Direct, url: str) -> tuple[str, int]:
    """Return the rows of the table, and the number of viewers with enough candidates."""
    best = best_of(here.connection, anywhere(url, ASKED))
    viewers = dense(url, 40)
    rows = ""
    for rule in RULES:
        with stopping_by(here.connection, rule):
            found, cost = recall(here.connection, best), here.cost(OURS, viewers)
        rows += (
            f"| {rule.scanned} | {rule.kept} | {found:.3f} | {statistics.median(cost.cpu):.1f} |\n"
        )
    return rows, len(best)


@contextmanager
def _direct(url: str) -> Iterator[Direct]:
    direct = Direct(url)
    with direct.connection:
        yield direct


def _caller(name: str, load: Load) -> str:
    names = {
        "ping": "a call that asks for the time",
        "bench_discovery": "the list",
        "discover": "the rpc `discover`: the list, and cards of the first page",
        "bench_radius": "radius first",
    }
    median, last = load.median * 1000, load.percentile(0.99) * 1000
    return f"| {names[name]} | {median:.0f} | {last:.0f} | {load.throughput:.0f} |\n"


def _case(name: str, *costs: Cost) -> str:
    cells = [
        f"{statistics.median(one.cpu):.1f} | {max(one.cpu):.1f} |"
        f" {statistics.median(one.buffers):.0f}"
        for one in costs
    ]
    return f"| {name} | {' | '.join(cells)} |\n"


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")
