"""Clients of the AWS emulator, and what stands for an account."""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from local.servers import AWS_CREDENTIALS, REGION
from local.stack import Stack

if TYPE_CHECKING:
    from types_boto3_apigatewayv2 import ApiGatewayV2Client
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_secretsmanager import SecretsManagerClient

ACCOUNT = "000000000000"
_CONFIG = Config(connect_timeout=2, read_timeout=30, retries={"mode": "standard"})


def api_gateway(stack: Stack) -> "ApiGatewayV2Client":
    """Return the client of API Gateway."""
    return _session().client("apigatewayv2", endpoint_url=stack.url("ministack"), config=_CONFIG)


def cloud_formation(stack: Stack) -> "CloudFormationClient":
    """Return the client of CloudFormation."""
    return _session().client("cloudformation", endpoint_url=stack.url("ministack"), config=_CONFIG)


def lambda_(stack: Stack) -> "LambdaClient":
    """Return the client of Lambda."""
    return _session().client("lambda", endpoint_url=stack.url("ministack"), config=_CONFIG)


def secrets_manager(stack: Stack) -> "SecretsManagerClient":
    """Return the client of Secrets Manager."""
    return _session().client("secretsmanager", endpoint_url=stack.url("ministack"), config=_CONFIG)


def _session() -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=AWS_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=AWS_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
