"""An alarm covers what works by itself, reaches somebody, and is explained.

That it watches what is written is tested in tests/functions/test_alarms.py.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.template import ROOT, template

ALARMS = {
    name: resource["Properties"]
    for name, resource in template()["Resources"].items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}


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
