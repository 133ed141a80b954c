"""The table of a backlog, and of what need not wait behind it, in docs/benchmarks.md."""

import os
from collections.abc import Sequence

from local.environment import read
from local.stack import stack
from tests.bench.idle import idle, warm
from tests.bench.sending import LATENCY, PER_SECOND, Backlog

BACKLOG = 50_000
SECONDS = 60
URGENT = 20
REQUESTS = 100


def run() -> str:
    values = read(stack("test"))
    alone, ours = idle(values, REQUESTS), warm(values, REQUESTS)
    with Backlog(values, BACKLOG) as backlog:
        drained = backlog.drain(SECONDS)
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
        urgent = backlog.urgent(URGENT)
    ping = _median(ours.ping)
    return (
        "## Sending\n\n"
        f"A provider that takes {PER_SECOND} requests a second, {LATENCY * 1000:.0f} ms each; "
        f"{BACKLOG} emails wait in the bulk lane. Senders are processes, as many\nas the "
        "deployment "
        f"allows containers. The backlog is worked off for {SECONDS} s, then {URGENT} urgent "
        "emails follow one by one.\n\n"
        "A request that the machine delays brings two too close together, which the provider "
        "refuses: the figures are those of the load.\n\n"
        "| | |\n|---|---|\n"
        f"| running processes on each core during the run | {load:.1f} |\n"
        f"| of what the provider takes, used by the backlog | {drained.share:.1%} |\n"
        f"| requests that it refused during the run | {drained.refusals} |\n"
        f"| urgent behind the backlog, longest wait | {max(urgent):.1f} s |\n\n"
        "The deployed stack with nothing else to do: a user is invited and declines, "
        f"{REQUESTS} times. A request waits for no\nmail; *accepted* is from the invitation until "
        "the provider has its email. Gateway and queue are emulated, and most of it.\n\n"
        "| idle | median | 99th percentile |\n|---|---|---|\n"
        f"| `POST /api/matches` | {_spread(alone.invite)} |\n"
        f"| `POST /api/matches/{{id}}/respond` | {_spread(alone.respond)} |\n"
        f"| accepted by the provider | {_spread(alone.accepted)} |\n\n"
        "What is ours of a request: the same in one process without the gateway, beside a call "
        "that only asks the database for the\ntime.\n\n"
        "| | |\n|---|---|\n"
        f"| calls of a request: limiter, database, queue | {ours.calls:g} |\n"
        f"| median of an invitation, in calls | {_median(ours.invite) / ping:.1f} |\n"
        f"| median of an answer, in calls | {_median(ours.respond) / ping:.1f} |\n"
    )


def _spread(seconds: Sequence[float]) -> str:
    return f"{_median(seconds):.3f} s | {sorted(seconds)[len(seconds) * 99 // 100 - 1]:.3f} s"


def _median(seconds: Sequence[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]
