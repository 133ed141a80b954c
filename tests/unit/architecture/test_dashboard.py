"""The dashboard shows each queue, and the alarms that roll a release back."""

import json
from typing import Any

from tests.support.template import template

BODY = template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]


def test_the_age_of_each_queue_and_its_dead_letters_are_shown() -> None:
    resources = template()["Resources"]
    queues = [name for name, each in resources.items() if each["Type"] == "AWS::SQS::Queue"]
    assert len(queues) > 10
    assert [name for name in queues if f"${{{name}.QueueName}}" not in BODY] == []


def test_the_alarms_that_roll_a_release_back_are_shown() -> None:
    watched = template()["Globals"]["Function"]["DeploymentPreference"]["Alarms"]
    [shown] = [each for each in json.loads(BODY)["widgets"] if each["type"] == "alarm"]
    named = [text for text in shown["properties"]["alarms"] if _is_watched(text, watched)]
    assert len(named) == len(watched) == len(shown["properties"]["alarms"])


def _is_watched(text: str, watched: list[dict[str, Any]]) -> bool:
    names = [f"${{{each['Ref']}.Arn}}" if "Ref" in each else each["Fn::Sub"] for each in watched]
    return any(text == name or text.endswith(f":alarm:{name}") for name in names)
