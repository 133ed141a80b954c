"""Structured logs and metrics: JSON lines with the request id and nothing personal."""

import json
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import cache
from threading import RLock
from typing import Any

from aws_lambda_powertools import Logger

from wingman.kit.settings import AppSettings, load

NAMESPACE = "Wingman"
# A flood writes one line a second and metric, not one per request.
FLUSH_SECONDS = 1.0

REMOVED = "[removed]"
_PERSONAL = re.compile(
    # Beginnings have an end, or an endless word would cost the square of its length. An address,
    # also in a URL: RFC 5321 section 4.5.3.1.1 has no more before the @.
    r"[\w.+%-]{1,64}(?:@|%40)[\w-]+(?:\.[\w-]+)+"
    r"|\beyJ[\w-]{8,500}\.[\w-]+\.[\w-]*"  # an access token (RFC 7519)
    r"|\b(?:re|sk|whsec|sb_secret)[_-][\w+/=-]{8,}"  # a key, by what its maker puts before it
)

_Metric = tuple[str, tuple[tuple[str, str], ...]]


_SERVICE = "wingman"


@cache
def logger() -> Logger:
    """Return the container's logger (level from POWERTOOLS_LOG_LEVEL).

    Messages are dotted events (`match.accepted`), facts go into `extra`. Never an address, a
    token or a body: what slips in with an exception is taken out, but only if it can be told.
    """
    return Logger(service=_SERVICE, utc=True, json_serializer=_written)


def _written(record: dict[str, Any]) -> str:
    """Write a record without addresses and tokens."""
    return json.dumps(
        _redacted(record), default=lambda other: _redacted(str(other)), separators=(",", ":")
    )


def _redacted(value: Any) -> Any:
    """Take out what is personal before JSON escapes it: an escaped line end ends in a letter."""
    if isinstance(value, str):
        return _PERSONAL.sub(REMOVED, value)
    if isinstance(value, dict):
        return {_redacted(key): _redacted(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(each) for each in value]
    return value


_PLAIN = logging.Formatter()


class _Redaction(logging.Filter):
    """Takes what is personal out of what a library says, and out of its exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name != _SERVICE:  # ours is redacted as it is written
            said = _PLAIN.format(record)  # with its exception
            vars(record).update(_redacted(vars(record)))
            record.msg, record.args = _redacted(said), ()
            record.exc_info = record.exc_text = record.stack_info = None
        return True


@cache
def quieten_libraries() -> None:
    """Let libraries log their warnings alone, without addresses and tokens.

    With `LogFormat: JSON` the runtime sets the root logger to INFO and writes what reaches it by
    a handler of its own: httpx and Mangum would log every URL.
    """
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    for handler in root.handlers:
        handler.addFilter(_Redaction())


class Metrics:
    """Counts on their way to CloudWatch, in its embedded metric format.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """

    def __init__(self) -> None:
        self._counts: Counter[_Metric] = Counter()
        self._counted_since = 0.0
        self._flushed_at = float("-inf")
        # Probes of /health run at once, and each may count.
        self._turn = RLock()
        self.muted = False  # set by an operator's commands, which are no traffic

    def count(self, name: str, **dimensions: str) -> None:
        """Count one; the first is written at once, what follows within the second together.

        What is left is written when the invocation ends (`kit.clock.deadline`): after that a
        container is frozen, for a second or for good.
        """
        with self._turn:
            if not self._counts:
                self._counted_since = time.time()
            self._counts[name, tuple(sorted(dimensions.items()))] += 1
            if time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
                self.flush()

    def flush(self) -> None:
        """Write what was counted, under the time at which it began."""
        with self._turn:
            if not self._counts or self.muted:
                return
            self._flushed_at = time.monotonic()
            environment = load(AppSettings).environment
            for (name, dimensions), number in self._counts.items():
                facts = {"environment": environment, **dict(dimensions)}
                _write(name, number, "Count", facts, self._counted_since)
            self._counts.clear()


def _write(name: str, value: object, unit: str, facts: dict[str, str], at: float) -> None:
    sys.stdout.write(json.dumps(_embedded(name, value, unit, facts, at)) + "\n")


def _embedded(
    name: str, value: object, unit: str, facts: dict[str, str], at: float
) -> dict[str, object]:
    metrics = [{"Name": name, "Unit": unit}]
    # Once over everything, for alarms, and once by every dimension if there are more.
    dimensions = [["environment"], sorted(facts)][: len(facts)]
    directive = {"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}
    return {
        "_aws": {"Timestamp": int(at * 1000), "CloudWatchMetrics": [directive]},
        **facts,
        name: value,
    }


@cache
def metrics() -> Metrics:
    """Return the container's counters."""
    return Metrics()


def count(name: str, **dimensions: str) -> None:
    """Count one of something that an operator wants to see."""
    metrics().count(name, **dimensions)


def measure(name: str, values: Sequence[float], unit: str, **dimensions: str) -> None:
    """Write up to 100 values of one metric at once, `unit` in CloudWatch's words."""
    if values:
        environment = str(load(AppSettings).environment)
        facts = {"environment": environment, **dimensions}
        _write(name, list(values), unit, facts, time.time())
