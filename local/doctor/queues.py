"""Checks of the queues: visibility timeouts and dead-letter queues."""

import os
from typing import Any

from local.doctor.clients import client
from local.doctor.findings import Finding, Findings, fail, ok, warn

# Six times the worker's timeout plus the batching window, as AWS recommends.
LEAST_HIDDEN_SECONDS = {
    "EMAIL_URGENT_QUEUE_URL": 190,
    "EMAIL_BULK_QUEUE_URL": 190,
    "PUSH_QUEUE_URL": 190,
    "AUTH_REQUEST_QUEUE_URL": 190,
    "RECOMMENDATIONS_QUEUE_URL": 180,
    "PHOTO_QUEUE_URL": 60,
}


def check_queues() -> Findings:
    """Check every queue whose address is set."""
    sqs = client("sqs")
    for name, least in LEAST_HIDDEN_SECONDS.items():
        url = os.environ.get(name)
        if url:
            yield _look_at(sqs, name, url, least)
        else:
            yield warn("queues", f"{name} is not set, so its queue is not checked", "set it")


def _look_at(sqs: Any, name: str, url: str, least: int) -> Finding:
    try:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    except Exception as error:  # noqa: BLE001 - botocore raises many types
        text = f"the queue of {name} cannot be read: {type(error).__name__}"
        return fail("queues", text, f"does {name} belong to this deployment?")
    waiting, hidden = found.get("ApproximateNumberOfMessages", "0"), found["VisibilityTimeout"]
    if int(hidden) < least or "RedrivePolicy" not in found:
        text = f"the queue of {name} hides a message for {hidden} s, or has no dead-letter queue"
        return fail("queues", text, "deploy template.yaml as it is")
    return ok("queues", f"the queue of {name} exists, {waiting} waiting")
