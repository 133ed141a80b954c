"""Counts in CloudWatch's embedded metric format."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.functions import Context
from wingman.kit import observability
from wingman.kit.clock import deadline
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import Metrics, count, measure
from wingman.kit.resilience.breaker import Breaker, Dependency


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch, fresh_container: None) -> list[float]:
    monkeypatch.setenv("ENVIRONMENT", "staging")
    now = [100.0]
    clock = SimpleNamespace(monotonic=lambda: now[0], time=lambda: time.time() + now[0])
    monkeypatch.setattr(observability, "time", clock)
    return now


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_count_is_a_metric_by_environment_and_by_every_dimension(
    now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    Metrics().count("RateLimitRefused", policy="public")
    (line,) = written(capsys)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Wingman"
    assert directive["Dimensions"] == [["environment"], ["environment", "policy"]]
    assert directive["Metrics"] == [{"Name": "RateLimitRefused", "Unit": "Count"}]
    assert (line["environment"], line["policy"], line["RateLimitRefused"]) == (
        *("staging", "public"),
        1,
    )
    assert line["_aws"]["Timestamp"] > 1_700_000_000_000


def test_without_more_dimensions_the_environment_is_the_only_set(
    now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    Metrics().count("Refused")
    (line,) = written(capsys)
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["environment"]]


def test_a_metric_writes_at_most_one_line_per_second(
    now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = Metrics()
    for _ in range(500):
        metrics.count("Refused", policy="a")
    metrics.count("Refused", policy="b")
    now[0] += 1.0
    metrics.count("Refused", policy="a")
    lines = [(line["policy"], line["Refused"]) for line in written(capsys)]
    assert lines == [("a", 1), ("a", 500), ("b", 1)]


def away() -> None:
    raise DependencyUnavailable("email")


@pytest.mark.parametrize("context", [Context(), None])
def test_a_circuit_that_opens_is_reported_before_the_invocation_ends(
    now: list[float], capsys: pytest.CaptureFixture[str], context: Context | None
) -> None:
    """A container may be frozen or ended after an invocation, and could not report it later."""
    with deadline(context):
        count("Retried", dependency="email")
        breaker = Breaker(Dependency("email", 3))
        for _ in range(3):
            with pytest.raises(DependencyUnavailable):
                breaker.call(away)
    counts = [line["BreakerOpen"] for line in written(capsys) if "BreakerOpen" in line]
    assert counts == [1]


def test_a_failed_invocation_still_writes_its_counts(
    now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    def invoke() -> None:
        with deadline(Context()):
            count("Retried")
            count("Refused")
            away()

    with pytest.raises(DependencyUnavailable):
        invoke()
    assert [line.get("Refused") for line in written(capsys)] == [None, 1]


def test_a_late_flush_keeps_the_time_of_the_count(
    now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = Metrics()
    metrics.count("Refused")
    metrics.count("Refused")
    now[0] += 3600
    metrics.flush()
    first, second = (line["_aws"]["Timestamp"] for line in written(capsys))
    assert second - first < 60_000


def test_concurrent_counts_are_neither_lost_nor_duplicated(
    now: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observability, "FLUSH_SECONDS", 0)
    usual = sys.getswitchinterval()
    metrics, together = Metrics(), Barrier(8)

    def work(thread: int) -> None:
        together.wait()
        for at in range(1000):
            metrics.count("Asked", who=f"{thread}-{at % 20}")

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
    finally:
        sys.setswitchinterval(usual)
    assert sum(line["Asked"] for line in written(capsys)) == 8 * 1000


def test_muted_counters_write_nothing(now: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    metrics = observability.metrics()
    metrics.muted = True
    metrics.count("CircuitOpened", circuit="email")
    metrics.flush()
    assert capsys.readouterr().out == ""


def test_without_counts_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    Metrics().flush()
    assert written(capsys) == []


def test_many_values_are_one_line(now: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    measure("AcceptLatency", [12.5, 40], "Milliseconds", lane="urgent")
    (line,) = written(capsys)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["environment"], ["environment", "lane"]]
    assert directive["Metrics"] == [{"Name": "AcceptLatency", "Unit": "Milliseconds"}]
    assert (line["environment"], line["lane"]) == ("staging", "urgent")
    assert line["AcceptLatency"] == [12.5, 40]


def test_a_measurement_without_values_writes_nothing(
    now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    measure("AcceptLatency", [], "Milliseconds")
    assert written(capsys) == []


def test_observed_values_are_written_together_a_hundred_in_a_line(
    now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = Metrics()
    for milliseconds in range(251):
        metrics.observe("DatabaseLatency", milliseconds, "Milliseconds")
    metrics.flush()
    lines = written(capsys)
    assert [len(line["DatabaseLatency"]) for line in lines] == [1, 100, 100, 50]
    assert [value for line in lines for value in line["DatabaseLatency"]] == [*range(251)]
    (directive,) = lines[0]["_aws"]["CloudWatchMetrics"]
    assert directive["Metrics"] == [{"Name": "DatabaseLatency", "Unit": "Milliseconds"}]
    assert directive["Dimensions"] == [["environment"]]
