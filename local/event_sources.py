"""The concurrency of queue consumers, as numbers.

A parameter's value is text. CloudFormation converts it to a number; the emulator does not, and its
poller fails at every comparison until a number is written.
"""

from local.aws import Aws


def correct(aws: Aws) -> None:
    """Rewrite each mapping's concurrency; boto3 sends numbers."""
    client = aws.lambda_()
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        if limit := mapping.get("ScalingConfig", {}).get("MaximumConcurrency"):
            client.update_event_source_mapping(
                UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": int(limit)}
            )
