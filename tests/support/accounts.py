"""Accounts as an API client uses them; the functions run in this process."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import boto3

from tests.support.functions import Function
from tests.support.people import People

Load = Callable[..., Function]
Answer = tuple[int, Any]


class Waiting:
    """A test's own queue of requests to Supabase Auth."""

    def __init__(self, stack: dict[str, str]) -> None:
        self._client = boto3.client(
            "sqs",
            endpoint_url=stack["AWS_ENDPOINT_URL"],
            region_name=stack["AWS_REGION"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self.url = self._client.create_queue(QueueName=f"requests-{uuid4().hex}")["QueueUrl"]

    def accounts(self, function: Load, **overrides: str) -> Function:
        """Load the function that enqueues its requests here."""
        return function("accounts", AUTH_REQUEST_QUEUE_URL=self.url, **overrides)

    def take(self) -> list[str]:
        """Receive and delete the waiting messages; return their bodies."""
        found = self._client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        for message in found.get("Messages", []):
            self._client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in found.get("Messages", [])]

    def remove(self) -> None:
        self._client.delete_queue(QueueUrl=self.url)


@contextmanager
def waiting_requests(stack: dict[str, str]) -> Iterator[Waiting]:
    queue = Waiting(stack)
    try:
        yield queue
    finally:
        queue.remove()


def post(app: Function, case: str, body: object = None, *, ip: str = "", **values: str) -> Answer:
    """Send a sample event with another body, from a new IP address by default."""
    event = app.event(case, **values)
    event["requestContext"]["http"]["sourceIp"] = ip or new_ip()
    if body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    answer = app.invoke(event)
    return answer["statusCode"], json.loads(answer["body"] or "null")


def new_ip() -> str:
    number = uuid4().int
    return f"10.{number % 256}.{number // 256 % 256}.{number // 65536 % 256}"


def carry_out(function: Load, bodies: list[str]) -> list[str]:
    """Let the worker carry out requests; return the ids of those that failed."""
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
    answer = function("auth_requests").invoke({"Records": records}, milliseconds=30_000)
    return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]


def attempts(people: People, user_id: object) -> list[tuple[Any, ...]]:
    """Return the kind, outcome and User-Agent of the attempts on an account, oldest first."""
    return people.connection.execute(
        "select kind, outcome, user_agent from private.sign_in_attempts"
        " where user_id = %s order by at",
        (user_id,),
    ).fetchall()
