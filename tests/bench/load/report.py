"""The section of a run in docs/benchmarks.md."""

from collections.abc import Sequence

from tests.bench.load.use import FUNCTIONS
from tests.bench.load.verdict import Measured, bottleneck, highest, percentile

TEXT = """## Load

Users sign up, confirm their address, fill in a profile with two photos, discover, like, match,
plan a session and talk over REST and WebSocket, each at a pace of {pace:g} calls a second. The
local stack with all its parts, and the users, have {processors} cores. Written by `make load`.
Rate limits are off, because all users share one address; the ceilings of the database hold. The
unit is an invocation of a function that does nothing: {unit:.0f} ms here, before the first step.

| users | requests/s | median | 99th percentile | under way | errors |
|---|---|---|---|---|---|
{steps}

**{found}** {verdict} CPU in cores at {users} users:

| part | cores |
|---|---|
{cores}

On average {pool:.1f} of the 20 connections of PostgREST were busy, and {in_flight:.1f} requests
were under way.

{soak}
"""
SOAK = """{minutes:g} minutes with {users} users, {share:.0%} of the highest rate: {rate:.1f}
requests a second, {errors} errors.

| call | in a second | median | 99th percentile |
|---|---|---|---|
{calls}"""


def section(unit: float, steps: Sequence[Measured], saturated: bool, soak: Measured) -> str:
    top, last = highest(steps), steps[-1]
    shown = last if saturated else top
    by_use = sorted(shown.use.cores.items(), key=lambda each: -each[1])
    found = f"At most {top.rate:.1f} requests a second, with {top.step.users} users."
    verdict = (
        f"First used up is {bottleneck(shown)}."
        if saturated
        else "More users were not tried, and these did not saturate it."
    )
    return TEXT.format(
        pace=top.pace,
        processors=top.use.processors,
        unit=unit * 1000,
        steps="\n".join(_step(each, unit) for each in steps),
        found=found,
        verdict=verdict,
        users=shown.step.users,
        cores="\n".join(f"| {name} | {cores:.2f} |" for name, cores in by_use if cores >= 0.005),
        pool=shown.use.pool,
        in_flight=shown.in_flight,
        soak=_soak(soak, unit, top.rate),
    )


def _step(measured: Measured, unit: float) -> str:
    cells = (
        str(measured.step.users),
        f"{measured.rate:.1f}",
        f"{measured.percentile(0.5) / unit:.1f}",
        f"{measured.percentile(0.99) / unit:.0f}",
        f"{measured.in_flight:.1f}",
        str(sum(measured.errors.values())),
    )
    return f"| {' | '.join(cells)} |"


def _soak(soak: Measured, unit: float, top: float) -> str:
    calls = "\n".join(
        f"| {name} | {len(taken) / soak.step.seconds:.2f} | {percentile(taken, 0.5) / unit:.1f} "
        f"| {percentile(taken, 0.99) / unit:.0f} |"
        for name, taken in sorted(soak.taken.items())
    )
    return SOAK.format(
        minutes=round(soak.step.seconds / 60, 1),
        users=soak.step.users,
        share=soak.rate / top,
        rate=soak.rate,
        errors=sum(soak.errors.values()),
        calls=calls,
    )


def line(measured: Measured) -> str:
    """Describe a step while the run goes on."""
    use = measured.use
    p50, p99 = (measured.percentile(share) * 1000 for share in (0.5, 0.99))
    return (
        f"{measured.step.users:>4} users  {measured.rate:6.1f} requests/s  p50 {p50:6.0f} ms  "
        f"p99 {p99:6.0f} ms  {use.busy:4.1f} of {use.processors} cores  "
        f"functions {use.cores.get(FUNCTIONS, 0):4.1f}  {sum(measured.errors.values())} errors"
    )
