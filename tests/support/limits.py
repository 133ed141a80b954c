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
    client = boto3.client(
        "lambda",
        endpoint_url=stack["AWS_ENDPOINT_URL"],
        region_name=stack["AWS_REGION"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    _switch(client, "false")
    try:
        yield
    finally:
        _switch(client, "true")


def _switch(client: "LambdaClient", value: str) -> None:
    for function in client.list_functions(MaxItems=200)["Functions"]:
        name = function["FunctionName"]
        variables = function.get("Environment", {}).get("Variables", {})
        if name.startswith(f"{STACK_NAME}-") and variables.get(_SETTING, value) != value:
            changed = {**variables, _SETTING: value}
            client.update_function_configuration(
                FunctionName=name, Environment={"Variables": changed}
            )
