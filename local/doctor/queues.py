"""Checks of the queues: how long they hide a message, and where poison goes."""

import os
from typing import Any
from urllib.parse import urlsplit

from local.doctor.findings import Finding, Findings, fail, ok, warn
from wingman.kit.settings import AwsSettings, load

# Six times the worker's timeout and the window in which messages gather, as AWS asks.
LEAST_HIDDEN_SECONDS = {
    "EMAIL_URGENT_QUEUE_URL": 190,
    "EMAIL_BULK_QUEUE_URL": 190,
    "PUSH_QUEUE_URL": 190,
    "AUTH_REQUEST_QUEUE_URL": 190,
    "RECOMMENDATIONS_QUEUE_URL": 180,
    "PHOTO_QUEUE_URL": 60,
}


def check_queues() -> Findings:
    """Look at every queue whose address is set."""
    client = _client()
    for name, least in LEAST_HIDDEN_SECONDS.items():
        url = os.environ.get(name)
        if url:
            yield _look_at(client, name, url, least)
        else:
            yield warn("queues", f"{name} is not set, so its queue is not looked at", "set it")


def _look_at(client: Any, name: str, url: str, least: int) -> Finding:
    try:
        found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    except Exception as error:  # noqa: BLE001 - botocore raises many
        text = f"that of {name} cannot be read: {type(error).__name__}"
        return fail("queues", text, f"is {name} of this deployment?")
    waiting, hidden = found.get("ApproximateNumberOfMessages", "0"), found["VisibilityTimeout"]
    if int(hidden) < least or "RedrivePolicy" not in found:
        text = f"that of {name} hides a message {hidden} s, or has no dead-letter queue"
        return fail("queues", text, "deploy template.yaml as it is")
    return ok("queues", f"that of {name} is there, {waiting} waiting")


def _client() -> Any:
    import boto3  # noqa: PLC0415 - costs a second, and most checks need none

    settings = load(AwsSettings)
    endpoint = str(settings.aws_endpoint_url) if settings.aws_endpoint_url else None
    # The emulator takes any key; on AWS, those of who runs this count.
    key = "test" if endpoint and urlsplit(endpoint).hostname == "127.0.0.1" else None
    session = boto3.Session(key, key, region_name=settings.aws_region)
    return session.client("sqs", endpoint_url=endpoint)
