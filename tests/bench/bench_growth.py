"""The table of a list's cost by the number of profiles in docs/benchmarks.md."""

from statistics import median

from local.environment import read
from local.stack import stack
from tests.bench.bench_discovery import OURS, RADIUS, Direct
from tests.bench.neighbourhood import VIEWERS, dense, neighbourhood

SIZES = (3_000, 10_000, 30_000)
TEXT = """## Growth of discovery

Buffers of a list, median of {viewers} viewers in the largest city, by the number of seeded profiles
in 300 cities; *radius first* as in the section about discovery.

| profiles | the list | radius first |
|---|---|---|
{rows}"""


def run() -> str:
    url = read(stack("test"))["DATABASE_URL"]
    return TEXT.format(viewers=VIEWERS, rows="".join(_row(url, size) for size in SIZES))


def _row(url: str, profiles: int) -> str:
    with neighbourhood(url, profiles) as own:
        direct = Direct(own)
        with direct.connection:
            viewers = dense(own, VIEWERS)
            ours, radius = (median(direct.cost(one, viewers).buffers) for one in (OURS, RADIUS))
    return f"| {profiles:,} | {ours:.0f} | {radius:.0f} |\n".replace(",", " ")
