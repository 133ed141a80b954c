"""Two stacks of this template can coexist: every name on AWS contains the stack's name."""

from collections.abc import Iterator
from typing import Any

from tests.support.template import template

RESOURCES: dict[str, dict[str, Any]] = template()["Resources"]
# CloudFormation generates a unique name for a resource without one. For these, SAM generates a
# name that is the same in every stack (github.com/aws/serverless-application-model/issues/3109).
NAMED_BY_SAM = {"ScheduleV2": "Name", "AWS::Serverless::LayerVersion": "LayerName"}
PHYSICAL = {
    *("AlarmName", "BucketName", "FunctionName", "LayerName", "LogGroupName", "Name"),
    *("PolicyName", "QueueName", "RoleName", "TableName", "TopicName"),
}


def _parts() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the place, type and properties of each resource and event."""
    for name, resource in RESOURCES.items():
        properties = resource.get("Properties", {})
        yield name, resource["Type"], properties
        for event, source in properties.get("Events", {}).items():
            yield f"{name}.{event}", source["Type"], source["Properties"]


def test_a_name_on_aws_contains_the_name_of_the_stack() -> None:
    for place, type_, properties in _parts():
        wanted = {NAMED_BY_SAM[type_]} if type_ in NAMED_BY_SAM else set()
        assert wanted <= set(properties), place
        for name in PHYSICAL & set(properties):
            assert "${AWS::StackName}" in properties[name]["Fn::Sub"], place
