"""The physical names of resources of the deployed stack."""

from local.aws import Aws
from local.deployment import STACK_NAME


def physical(aws: Aws, logical: str) -> str:
    found = aws.cloud_formation().describe_stack_resource(
        StackName=STACK_NAME, LogicalResourceId=logical
    )
    return found["StackResourceDetail"]["PhysicalResourceId"]
