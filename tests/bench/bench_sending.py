"""The table of a backlog, and of urgent email that passes it, in docs/benchmarks.md."""

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
TEXT = """## Sending

A provider that takes {per_second} requests a second, {latency:.0f} ms each; {backlog} emails
wait in the bulk lane. There are as many sender processes as the deployment allows containers.
They work off the backlog for {seconds} s, then {urgent} urgent emails follow one by one. On a
busy machine some requests leave too close together, which the provider refuses.

| | |
|---|---|
| running processes on each core during the run | {load:.1f} |
| of what the provider takes, used by the backlog | {drained.share:.1%} |
| requests that it refused during the run | {drained.refusals} |
| urgent behind the backlog, longest wait | {longest:.1f} s |

The deployed stack with nothing else to do: a user is invited and declines, {requests} times. A
request waits for no email; *accepted* is from the invitation until the provider has its email.
Most of it is the emulated gateway and queue.

| idle | median | 99th percentile |
|---|---|---|
| `POST /api/matches` | {invite} |
| `POST /api/matches/{{id}}/respond` | {respond} |
| accepted by the provider | {accepted} |

The same in one process without the gateway, compared with a call that only asks the database for
the time:

| | |
|---|---|
| calls of a request: limiter, database, queue | {calls:g} |
| median of an invitation, in calls | {invitation:.1f} |
| median of an answer, in calls | {answer:.1f} |
"""


def run() -> str:
    values = read(stack("test"))
    alone, ours = idle(values, REQUESTS), warm(values, REQUESTS)
    with Backlog(values, BACKLOG) as backlog:
        drained = backlog.drain(SECONDS)
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
        urgent = backlog.urgent(URGENT)
    ping = _median(ours.ping)
    return TEXT.format(
        per_second=PER_SECOND,
        latency=LATENCY * 1000,
        backlog=BACKLOG,
        seconds=SECONDS,
        urgent=URGENT,
        load=load,
        drained=drained,
        longest=max(urgent),
        requests=REQUESTS,
        invite=_spread(alone.invite),
        respond=_spread(alone.respond),
        accepted=_spread(alone.accepted),
        calls=ours.calls,
        invitation=_median(ours.invite) / ping,
        answer=_median(ours.respond) / ping,
    )


def _spread(seconds: Sequence[float]) -> str:
    return f"{_median(seconds):.3f} s | {sorted(seconds)[len(seconds) * 99 // 100 - 1]:.3f} s"


def _median(seconds: Sequence[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]
