"""The table of a backlog, and of what need not wait behind it, in docs/benchmarks.md."""

import os
import time
from collections.abc import Mapping
from datetime import datetime

from local.environment import read
from local.stack import stack
from tests.bench.sending import LATENCY, PER_SECOND, Backlog
from tests.support.api import Api
from tests.support.inbox import Inbox
from tests.support.people import People

BACKLOG = 50_000
SECONDS = 60
URGENT = 20
REQUESTS = 100


def run() -> str:
    values = read(stack("test"))
    waits = idle(values)
    with Backlog(values, BACKLOG) as backlog:
        drained = backlog.drain(SECONDS)
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
        urgent = backlog.urgent(URGENT)
    return (
        "## Sending\n\n"
        f"A provider that takes {PER_SECOND} requests a second, {LATENCY * 1000:.0f} ms each; "
        f"{BACKLOG} mails wait in the bulk lane. Senders are processes, as many\nas the deployment "
        f"allows containers. The backlog is worked off for {SECONDS} s, then {URGENT} urgent "
        "mails follow one by one. *Idle* is the\ndeployed stack: from `POST /api/matches` to "
        f"accepted by the provider, {REQUESTS} times, emulated gateway and queue included.\n\n"
        "A request that the machine delays brings two too close together, which the provider "
        "refuses: the figures are those of the load.\n\n"
        "| | |\n|---|---|\n"
        f"| running processes on each core meanwhile | {load:.1f} |\n"
        f"| of what the provider takes, used by the backlog | {drained.share:.1%} |\n"
        f"| requests that it refused meanwhile | {drained.refusals} |\n"
        f"| urgent behind the backlog, longest wait | {max(urgent):.1f} s |\n"
        f"| idle, median | {sorted(waits)[len(waits) // 2]:.2f} s |\n"
        f"| idle, 99th percentile | {sorted(waits)[len(waits) * 99 // 100 - 1]:.2f} s |\n"
    )


def idle(values: Mapping[str, str]) -> list[float]:
    """Invite somebody, again and again; return the seconds until each mail was accepted."""
    stack = dict(values)
    with (
        People(stack) as people,
        Inbox(stack["RESEND_API_URL"]) as inbox,
        Api(stack["API_URL"]) as api,
    ):
        return [_invited(people, inbox, api) for _ in range(REQUESTS)]


def _invited(people: People, inbox: Inbox, api: Api) -> float:
    maya, leo = people.pair()
    asked = time.time()
    api.invited(maya, leo)
    [mail] = inbox.wait_for(leo, 1)
    return datetime.fromisoformat(mail["accepted_at"]).timestamp() - asked
