"""The deployed API without rate limits, as `ENABLE_RATE_LIMITING=false make up` starts it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3

from local.deployment import STACK_NAME

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

_SETTING = "ENABLE_RATE_LIMITING"


@contextmanager
def without_limits(stack: Mapping[str, str]) -> Iterator[None]:
    """Switch the limits of the deployed functions off, and on again."""
    session = boto3.Session("test", "test", region_name=stack["AWS_REGION"])
    client = session.client("lambda", endpoint_url=stack["AWS_ENDPOINT_URL"])
    # Of this stack alone: other environments come and go beside it.
    formation = session.client("cloudformation", endpoint_url=stack["AWS_ENDPOINT_URL"])
    resources = formation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    names = [
        resource["PhysicalResourceId"]
        for resource in resources
        if resource["ResourceType"] == "AWS::Lambda::Function"
    ]
    assert names
    try:
        _switch(client, names, "false")
        yield
    finally:
        _switch(client, names, "true")


def _switch(client: "LambdaClient", names: list[str], value: str) -> None:
    for name in names:
        found = client.get_function_configuration(FunctionName=name)
        variables = found.get("Environment", {}).get("Variables", {})
        if variables.get(_SETTING, value) != value:
            changed = {**variables, _SETTING: value}
            client.update_function_configuration(
                FunctionName=name, Environment={"Variables": changed}
            )
