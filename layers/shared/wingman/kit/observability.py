"""Structured logs and metrics: JSON lines with the request id and without personal data."""

import json
import logging
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from threading import RLock
from typing import Any

from aws_lambda_powertools import Logger

from wingman.kit.settings import AppSettings, load

NAMESPACE = "Wingman"
# Under load, each metric writes one line per second, not one per request.
FLUSH_SECONDS = 1.0

REMOVED = "[removed]"
_PERSONAL = re.compile(
    # Each prefix is bounded: otherwise a very long word would take quadratic time. First comes
    # an address, also in a URL; RFC 5321 section 4.5.3.1.1 allows 64 octets before the @.
    r"[\w.+%-]{1,64}(?:@|%40)[\w-]+(?:\.[\w-]+)+"
    r"|\beyJ[\w-]{8,500}\.[\w-]+\.[\w-]*"  # an access token (RFC 7519)
    r"|\b(?:re|sk|whsec|sb_secret)[_-][\w+/=-]{8,}"  # a key, by its vendor's prefix
)

# CloudWatch bills by length, and clients choose parts of some texts.
_MAX_LINE, _MAX_TEXT, _MAX_ITEMS = 32_000, 4_000, 50

# The values of one metric in one line.
_MAX_VALUES = 100

_Metric = tuple[str, tuple[tuple[str, str], ...]]


_SERVICE = "wingman"


@cache
def logger() -> Logger:
    """Return the container's logger (level from POWERTOOLS_LOG_LEVEL).

    Messages are dotted events (`match.accepted`); facts go into `extra`. Never log an address, a
    token or a body: redaction removes only what it recognises.
    """
    return Logger(service=_SERVICE, utc=True, json_serializer=_written)


def _written(record: dict[str, Any]) -> str:
    redacted = _redacted(record)
    line = _encoded(redacted)
    if len(line) > _MAX_LINE:
        line = _encoded({name: _shortened(_encoded(each), 1000) for name, each in redacted.items()})
    return line


def _encoded(value: object) -> str:
    return json.dumps(value, default=lambda other: _redacted(str(other)), separators=(",", ":"))


def _redacted(value: Any) -> Any:
    """Redact and shorten a value.

    This precedes JSON encoding: the `n` of an escaped line break would join the next word.
    """
    if isinstance(value, str):
        return _PERSONAL.sub(REMOVED, _shortened(value))
    if isinstance(value, dict):
        return {_redacted(key): _redacted(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(each) for each in _ends(value)]
    return value


def _shortened(text: str, length: int = _MAX_TEXT) -> str:
    """Leave out the middle of a text, between words: redaction does not recognise half a token."""
    if len(text) <= length:
        return text
    half = length // 2
    head, tail = " ".join(text[:half].split(" ")[:-1]), " ".join(text[-half:].split(" ")[1:])
    return f"{head} [{len(text) - len(head) - len(tail)} characters left out] {tail}"


def _ends(values: Sequence[Any]) -> Sequence[Any]:
    half = _MAX_ITEMS // 2
    return [*values[:half], *values[-half:]] if len(values) > _MAX_ITEMS else values


_PLAIN = logging.Formatter()


class _Redaction(logging.Filter):
    """Redacts the records of libraries, including exceptions."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name != _SERVICE:  # our own records are redacted by the serializer
            text = _PLAIN.format(record)  # includes the exception
            vars(record).update(_redacted(vars(record)))
            record.msg, record.args = _redacted(text), ()
            record.exc_info = record.exc_text = record.stack_info = None
        return True


@cache
def quieten_libraries() -> None:
    """Limit libraries to warnings: the runtime's own handler would log every URL."""
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    for handler in root.handlers:
        handler.addFilter(_Redaction())


class Metrics:
    """Metrics in CloudWatch's embedded format, which it reads from the log."""

    def __init__(self) -> None:
        self._counts: Counter[_Metric] = Counter()
        self._values: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._since = 0.0
        self._flushed_at = float("-inf")
        # The probes of /health count from several threads.
        self._turn = RLock()
        self.muted = False  # operators' commands set this, because they are not traffic

    def count(self, name: str, **dimensions: str) -> None:
        """Count one; writes at once, then at most once per second.

        The end of the invocation flushes the rest (`kit.clock.deadline`), because a container is
        frozen after it and may never run again.
        """
        with self._turn:
            self._begin()
            self._counts[name, tuple(sorted(dimensions.items()))] += 1
            self._flush_in_turn()

    def observe(self, name: str, value: float, unit: str) -> None:
        """Keep one value, written as counts are; `unit` is one of CloudWatch's."""
        with self._turn:
            self._begin()
            self._values[name, unit].append(value)
            self._flush_in_turn()

    def flush(self) -> None:
        with self._turn:
            if not (self._counts or self._values) or self.muted:
                return
            self._flushed_at = time.monotonic()
            here = {"environment": str(load(AppSettings).environment)}
            for (name, dimensions), number in self._counts.items():
                _write(name, number, "Count", here | dict(dimensions), self._since)
            for (name, unit), values in self._values.items():
                for start in range(0, len(values), _MAX_VALUES):
                    _write(name, values[start : start + _MAX_VALUES], unit, here, self._since)
            self._counts.clear()
            self._values.clear()

    def _begin(self) -> None:
        if not (self._counts or self._values):
            self._since = time.time()

    def _flush_in_turn(self) -> None:
        if time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self.flush()


def _write(name: str, value: object, unit: str, facts: dict[str, str], at: float) -> None:
    sys.stdout.write(json.dumps(_embedded(name, value, unit, facts, at)) + "\n")


def _embedded(
    name: str, value: object, unit: str, facts: dict[str, str], at: float
) -> dict[str, object]:
    metrics = [{"Name": name, "Unit": unit}]
    # One total per environment, for alarms, and one series with all dimensions if there are more.
    dimensions = [["environment"], sorted(facts)][: len(facts)]
    directive = {"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}
    return {
        "_aws": {"Timestamp": int(at * 1000), "CloudWatchMetrics": [directive]},
        **facts,
        name: value,
    }


@cache
def metrics() -> Metrics:
    return Metrics()


def count(name: str, **dimensions: str) -> None:
    metrics().count(name, **dimensions)


def observe(name: str, value: float, unit: str) -> None:
    metrics().observe(name, value, unit)


def measure(name: str, values: Sequence[float], unit: str, **dimensions: str) -> None:
    """Write up to 100 values of one metric at once."""
    if values:
        environment = str(load(AppSettings).environment)
        facts = {"environment": environment, **dimensions}
        _write(name, list(values), unit, facts, time.time())
