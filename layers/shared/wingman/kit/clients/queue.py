"""SQS without boto3, which adds 90 ms to a cold start (docs/decisions/005-sqs-without-boto3.md)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import httpx
from botocore.auth import SigV4Auth

from wingman.kit.clients.aws import credentials, signed
from wingman.kit.clients.circuits import through
from wingman.kit.clients.dependencies import SQS
from wingman.kit.clients.transport import asked_to_wait, http_client
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.resilience.retry import with_api_retry
from wingman.kit.settings import AwsSettings, load
from wingman.kit.tracing.requests import ATTRIBUTE, request_id
from wingman.kit.tracing.segments import trace

TIMEOUT_SECONDS = 2.0
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
MESSAGES_PER_CALL = 10


class Queue(Protocol):
    def send(
        self, queue_url: str, bodies: Sequence[Mapping[str, object]], *, delay_seconds: int = 0
    ) -> None:
        """Send ten per call. Raises DependencyUnavailable when any message was not accepted.

        Consumers get them after `delay_seconds`, at most 900.
        """
        ...


class SqsQueue(Queue):
    def __init__(self, endpoint_url: str, region: str, client: httpx.Client) -> None:
        self._endpoint_url = endpoint_url
        self._region = region
        self._client = client

    def send(
        self, queue_url: str, bodies: Sequence[Mapping[str, object]], *, delay_seconds: int = 0
    ) -> None:
        for batch in _batches(bodies, delay_seconds):
            self._call("SendMessageBatch", {"QueueUrl": queue_url, "Entries": batch})

    # Sending twice is safe: consumers expect duplicates, because SQS itself may deliver twice.
    @through(SQS, with_api_retry.replace(idempotent=True))
    def _call(self, action: str, parameters: Mapping[str, object]) -> None:
        body = json.dumps(parameters)
        try:
            response = self._client.post(
                self._endpoint_url, content=body, headers=self._signed(action, body)
            )
        except httpx.HTTPError as error:
            raise DependencyUnavailable("sqs", asked_to_wait=asked_to_wait(error)) from error
        if response.is_client_error and not _throttled(response):
            raise DependencyRefused("sqs")
        if not response.is_success or response.json().get("Failed"):
            raise DependencyUnavailable("sqs")

    def _signed(self, action: str, body: str) -> dict[str, str]:
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"AmazonSQS.{action}",
        }
        auth = SigV4Auth(credentials(), "sqs", self._region)
        return signed(auth, "POST", self._endpoint_url, body, headers)


def _throttled(response: httpx.Response) -> bool:
    """Distinguish throttling from an invalid request; SQS answers 400 to both."""
    return response.status_code == httpx.codes.TOO_MANY_REQUESTS or "Throttl" in response.text


def _batches(
    bodies: Sequence[Mapping[str, object]], delay_seconds: int = 0
) -> Iterator[list[dict[str, Any]]]:
    extra = _attributes() | ({"DelaySeconds": delay_seconds} if delay_seconds else {})
    for start in range(0, len(bodies), MESSAGES_PER_CALL):
        yield [
            {"Id": str(index), "MessageBody": json.dumps(body), **extra}
            for index, body in enumerate(bodies[start : start + MESSAGES_PER_CALL])
        ]


def _attributes() -> dict[str, Any]:
    """Name the request that sends, for the worker's logs, and its trace, for X-Ray."""
    found: dict[str, Any] = {}
    if sender := request_id():
        found["MessageAttributes"] = {ATTRIBUTE: _text(sender)}
    if around := trace():
        found["MessageSystemAttributes"] = {"AWSTraceHeader": _text(around.header())}
    return found


def _text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


@cache
def queue() -> Queue:
    settings = load(AwsSettings)
    endpoint = settings.aws_endpoint_url or f"https://sqs.{settings.aws_region}.amazonaws.com"
    client = http_client(SQS.name, timeout=TIMEOUT_SECONDS)
    return SqsQueue(f"{endpoint}/", settings.aws_region, client)
