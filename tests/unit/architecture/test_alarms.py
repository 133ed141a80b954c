"""An alarm on a metric that nobody writes never rings."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.template import ROOT, template

SOURCE = "".join(
    path.read_text() for path in sorted((ROOT / "layers" / "shared" / "wingman").rglob("*.py"))
)
ALARMS = {
    name: resource["Properties"]
    for name, resource in template()["Resources"].items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}
OURS = sorted(name for name, alarm in ALARMS.items() if alarm.get("Namespace") == "Wingman")


@pytest.mark.parametrize("name", OURS)
def test_an_alarm_watches_a_metric_that_the_code_writes(name: str) -> None:
    assert f'"{ALARMS[name]["MetricName"]}"' in SOURCE


@pytest.mark.parametrize("name", OURS)
def test_an_alarm_watches_by_dimensions_that_the_code_writes(name: str) -> None:
    """Every metric is written over the whole environment, and by its own dimensions besides."""
    first, *others = ALARMS[name]["Dimensions"]
    assert first["Name"] == "environment"
    assert [other["Name"] for other in others] in ([], ["lane"])


def test_an_alarm_watches_every_function_that_works_by_itself() -> None:
    """A sender that fails leaves its messages in the queue, whose age is watched."""
    watched = {ref for alarm in ALARMS.values() for ref in _functions(alarm)}
    scheduled = {
        name
        for name, resource in template()["Resources"].items()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "ScheduleV2"
    }
    assert watched == scheduled


def _functions(part: Any) -> Iterator[str]:
    """Find what stands in for a function's name, however deep."""
    if isinstance(part, dict) and part.get("Name") == "FunctionName":
        yield part["Value"]["Ref"]
    elif isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from _functions(inner)


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_an_alarm_tells_somebody(name: str) -> None:
    assert ALARMS[name]["AlarmActions"]
    assert ALARMS[name]["AlarmDescription"]


def test_the_handbook_says_what_to_do_about_every_alarm() -> None:
    handbook = (ROOT / "docs" / "operating.md").read_text()
    assert set(re.findall(r"\b\w+Alarm\b", handbook)) == set(ALARMS)
