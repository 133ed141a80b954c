"""AWS clients, for the emulator of a local stack or for an account."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from local.servers import AWS_CREDENTIALS, REGION
from local.stack import Stack

if TYPE_CHECKING:
    from types_boto3_apigatewayv2 import ApiGatewayV2Client
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sts import STSClient

_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard"})


@dataclass(frozen=True)
class Aws:
    """One account in one region; `endpoint` is the emulator's address, and None on AWS."""

    session: boto3.Session
    endpoint: str | None

    @property
    def region(self) -> str:
        return self.session.region_name

    def api_gateway(self) -> "ApiGatewayV2Client":
        return self.session.client("apigatewayv2", endpoint_url=self.endpoint, config=_CONFIG)

    def cloud_formation(self) -> "CloudFormationClient":
        return self.session.client("cloudformation", endpoint_url=self.endpoint, config=_CONFIG)

    def lambda_(self) -> "LambdaClient":
        return self.session.client("lambda", endpoint_url=self.endpoint, config=_CONFIG)

    def secrets_manager(self) -> "SecretsManagerClient":
        return self.session.client("secretsmanager", endpoint_url=self.endpoint, config=_CONFIG)

    def logs(self) -> "CloudWatchLogsClient":
        return self.session.client("logs", endpoint_url=self.endpoint, config=_CONFIG)

    def sts(self) -> "STSClient":
        return self.session.client("sts", endpoint_url=self.endpoint, config=_CONFIG)


def emulated(stack: Stack) -> Aws:
    session = boto3.Session(
        aws_access_key_id=AWS_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=AWS_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    return Aws(session, stack.url("ministack"))


def account(region: str) -> Aws:
    """Return the account of the current credentials, found as every AWS tool finds them."""
    return Aws(boto3.Session(region_name=region), os.environ.get("AWS_ENDPOINT_URL"))


def outputs(aws: Aws, stack_name: str) -> dict[str, str]:
    (described,) = aws.cloud_formation().describe_stacks(StackName=stack_name)["Stacks"]
    return {item["OutputKey"]: item["OutputValue"] for item in described.get("Outputs", [])}
