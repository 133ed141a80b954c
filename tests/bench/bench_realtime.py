"""The table of messages over WebSocket in docs/benchmarks.md."""

from collections.abc import Sequence
from statistics import median, quantiles

from local.environment import read
from local.stack import stack
from tests.bench.latency import at_once, empty, one_by_one, pairs

# A user may send 30 messages at once.
PAIRS, TIMES = 20, 20
PAIRS_AT_ONCE = 100
TEXT = """## Realtime

From the moment in which a client sends a message until the partner's client has it, on the local
stack, warm, as a multiple of one invocation of a function that does nothing there (median of
{times}). The message is stored in between.

| | median | 99th percentile |
|---|---|---|
| {count} messages, one after the other | {p50:.1f} | {p99:.1f} |
| {connections} connections, half of which send at once | {crowd_p50:.0f} | {crowd_p99:.0f} |

The emulator runs all WebSocket invocations of a function in one process, one at a time, which AWS
does not. So those that were sent at once waited for each other: a message cost {each:.2f} of the
median of the first row.
"""


def run() -> str:
    values = read(stack("test"))
    with pairs(values, PAIRS) as talking:
        one_by_one(talking, 1)  # warm
        alone = one_by_one(talking, TIMES)
    unit = median(empty(values, TIMES))
    with pairs(values, PAIRS_AT_ONCE) as talking:
        crowd, took = at_once(talking)
    return TEXT.format(
        times=TIMES,
        count=len(alone),
        p50=median(alone) / unit,
        p99=_p99(alone) / unit,
        connections=2 * PAIRS_AT_ONCE,
        crowd_p50=median(crowd) / unit,
        crowd_p99=_p99(crowd) / unit,
        each=took / len(crowd) / median(alone),
    )


def _p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[98]
