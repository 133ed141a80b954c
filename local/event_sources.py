"""The concurrency of queue consumers, as numbers.

A parameter's value is text. CloudFormation makes a number of it; the emulator does not, and its
poller fails at every comparison until the number is written again.
"""

from local.aws import Aws


def correct(aws: Aws) -> None:
    """Write each mapping's concurrency again; boto3 makes the numbers."""
    client = aws.lambda_()
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        if limit := mapping.get("ScalingConfig", {}).get("MaximumConcurrency"):
            client.update_event_source_mapping(
                UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": int(limit)}
            )
