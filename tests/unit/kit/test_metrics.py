"""Counts in CloudWatch's embedded metric format."""

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest

from wingman.kit import observability
from wingman.kit.observability import Metrics, measure


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch, fresh_container: None) -> list[float]:
    monkeypatch.setenv("ENVIRONMENT", "staging")
    now = [100.0]
    clock = SimpleNamespace(monotonic=lambda: now[0], time=time.time)
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


def test_a_flood_is_one_line_a_second(now: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    metrics = Metrics()
    for _ in range(500):
        metrics.count("Refused", policy="a")
    metrics.count("Refused", policy="b")
    now[0] += 1.0
    metrics.count("Refused", policy="a")
    lines = [(line["policy"], line["Refused"]) for line in written(capsys)]
    assert lines == [("a", 1), ("a", 500), ("b", 1)]


def test_many_values_are_one_line(now: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    measure("AcceptLatency", [12.5, 40], "Milliseconds", lane="urgent")
    (line,) = written(capsys)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["environment"], ["environment", "lane"]]
    assert directive["Metrics"] == [{"Name": "AcceptLatency", "Unit": "Milliseconds"}]
    assert (line["environment"], line["lane"]) == ("staging", "urgent")
    assert line["AcceptLatency"] == [12.5, 40]


def test_no_values_are_no_line(now: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    measure("AcceptLatency", [], "Milliseconds")
    assert written(capsys) == []
