"""The AWS emulator refuses what AWS refuses, and answers without delay."""

import json
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def root(stack: dict[str, str]) -> Any:
    return boto3.Session("test", "test", region_name=stack["AWS_REGION"])


def client(session: Any, service: str, stack: dict[str, str]) -> Any:
    return session.client(service, endpoint_url=stack["AWS_ENDPOINT_URL"])


def role_session(root: Any, stack: dict[str, str], function: str) -> boto3.Session:
    """Log in as the role of a deployed function."""
    deployed = client(root, "lambda", stack).list_functions()["Functions"]
    (role,) = [
        each["Role"] for each in deployed if each["FunctionName"].startswith(f"wingman-{function}-")
    ]
    answer = client(root, "sts", stack).assume_role(RoleArn=role, RoleSessionName="test")
    key = answer["Credentials"]
    return boto3.Session(
        key["AccessKeyId"],
        key["SecretAccessKey"],
        key["SessionToken"],
        region_name=stack["AWS_REGION"],
    )


def send(session: Any, stack: dict[str, str]) -> None:
    body = json.dumps({"email_ids": [str(uuid4())]})  # the id of no email
    queue = client(session, "sqs", stack)
    queue.send_message(QueueUrl=stack["EMAIL_BULK_QUEUE_URL"], MessageBody=body)


def test_an_unsigned_request_is_refused(stack: dict[str, str]) -> None:
    headers = {
        "x-amz-target": "AmazonSQS.ListQueues",
        "content-type": "application/x-amz-json-1.0",
    }
    assert httpx.post(stack["AWS_ENDPOINT_URL"], headers=headers, content="{}").is_error


def test_a_wrong_signature_is_refused(root: Any, stack: dict[str, str]) -> None:
    key = role_session(root, stack, "MatchRequestFunction").get_credentials()
    assert key is not None
    forged = boto3.Session(key.access_key, "wrong", key.token, region_name=stack["AWS_REGION"])
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        send(forged, stack)


def test_a_function_may_do_no_more_than_its_role(root: Any, stack: dict[str, str]) -> None:
    send(role_session(root, stack, "MatchRequestFunction"), stack)
    with pytest.raises(ClientError, match="AccessDenied"):
        send(role_session(root, stack, "HealthFunction"), stack)
