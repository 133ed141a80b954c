"""The concurrency of queue consumers, as numbers.

A parameter's value is text; CloudFormation makes a number of it and the emulator does not, after
which its poller fails at every comparison: the numbers are written once more here.
"""

from local.aws import lambda_
from local.stack import Stack


def correct(stack: Stack) -> None:
    """Write each mapping's concurrency again; boto3 makes the numbers."""
    client = lambda_(stack)
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        if limit := mapping.get("ScalingConfig", {}).get("MaximumConcurrency"):
            client.update_event_source_mapping(
                UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": int(limit)}
            )
