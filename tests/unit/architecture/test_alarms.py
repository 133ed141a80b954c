"""Every background function has an alarm, which reaches a person and is documented.

tests/functions/test_alarms.py checks that functions write the metrics.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.template import ROOT, template

ALARMS = {
    name: resource["Properties"]
    for name, resource in template()["Resources"].items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}


def test_every_background_function_has_an_alarm() -> None:
    """If a sender fails, its messages stay in the queue, and their age has an alarm."""
    watched = {ref for alarm in ALARMS.values() for ref in _functions(alarm)}
    scheduled = {
        name
        for name, resource in template()["Resources"].items()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "ScheduleV2"
    }
    assert watched == scheduled


def _functions(part: Any) -> Iterator[str]:
    """Return the functions that are referenced at any depth."""
    if isinstance(part, dict) and part.get("Name") == "FunctionName":
        yield part["Value"]["Ref"]
    elif isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from _functions(inner)


def test_an_alarm_reaches_a_person() -> None:
    for name, alarm in ALARMS.items():
        assert alarm["AlarmActions"], name
        assert alarm["AlarmDescription"], name


def test_an_alarm_is_quiet_in_a_new_stack() -> None:
    """A metric without events has no data, which must not count as a breach."""
    for name, alarm in ALARMS.items():
        assert alarm["TreatMissingData"] in {"notBreaching", "missing"}, name


def test_an_alarm_that_watches_for_silence_reaches_a_person_when_the_data_end() -> None:
    for name, alarm in ALARMS.items():
        watches_for_silence = alarm["ComparisonOperator"].startswith("LessThan")
        expected = alarm["AlarmActions"] if watches_for_silence else None
        assert (alarm["TreatMissingData"] == "missing") == watches_for_silence, name
        assert alarm.get("InsufficientDataActions") == expected, name


def test_a_metric_that_counts_is_summed() -> None:
    """An HTTP API's `5xx` is a count, so its average is not a rate."""
    counts = {"4xx", "5xx", "Count", "Errors", "Invocations", "Throttles"}
    for name, alarm in ALARMS.items():
        statistics = dict(_statistics(alarm))
        assert {statistics[metric] for metric in counts & {*statistics}} <= {"Sum"}, name


def test_the_rate_of_server_errors_is_a_share_of_the_requests() -> None:
    metrics = {metric["Id"]: metric for metric in ALARMS["ServerErrorsAlarm"]["Metrics"]}
    counted = {name: each["MetricStat"] for name, each in metrics.items() if "MetricStat" in each}
    names = {name: stat["Metric"]["MetricName"] for name, stat in counted.items()}
    (expression,) = (each["Expression"] for each in metrics.values() if "Expression" in each)
    seen = {"5xx": 3.0, "Count": 200.0}
    rate = eval(expression, {name: seen[metric] for name, metric in names.items()})  # noqa: S307
    assert rate == 3 / 200
    assert ALARMS["ServerErrorsAlarm"]["Threshold"] < rate


@pytest.mark.parametrize(
    ("name", "seen", "fires"),
    [
        ("ClientErrorsAlarm", {"refusals": 20_000.0, "requests": 21_000.0}, True),
        ("ClientErrorsAlarm", {"refusals": 400.0, "requests": 21_000.0}, False),
        ("ClientErrorsAlarm", {"refusals": 9.0, "requests": 9.0}, False),
        ("ClientErrorsAlarm", {"refusals": 0.0, "requests": 0.0}, False),
        ("ConcurrencyAlarm", {"used": 9.0}, True),
        ("ConcurrencyAlarm", {"used": 8.0}, False),
    ],
)
def test_an_alarm_expression_fires_only_for_a_flood(
    name: str, seen: dict[str, float], fires: bool
) -> None:
    (metric,) = (each for each in ALARMS[name]["Metrics"] if "Expression" in each)
    functions = {"IF": _chosen, "SERVICE_QUOTA": lambda _: 10.0}
    text = re.sub(
        r"IF\(([^,]+), ([^,]+), ([^,]+)\)", r"IF(\1, lambda: \2, lambda: \3)", metric["Expression"]
    )
    value = eval(text, functions | seen)  # noqa: S307
    assert (value > ALARMS[name]["Threshold"]) == fires


def _chosen(condition: bool, then: Callable[[], float], otherwise: Callable[[], float]) -> float:
    return then() if condition else otherwise()


def _statistics(alarm: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "MetricName" in alarm:
        yield alarm["MetricName"], alarm.get("Statistic") or alarm["ExtendedStatistic"]
    for metric in alarm.get("Metrics", []):
        if "MetricStat" in metric:
            yield metric["MetricStat"]["Metric"]["MetricName"], metric["MetricStat"]["Stat"]


def test_the_handbook_says_what_to_do_about_every_alarm() -> None:
    handbook = (ROOT / "docs" / "operating.md").read_text()
    assert set(re.findall(r"\b\w+Alarm\b", handbook)) == set(ALARMS)
