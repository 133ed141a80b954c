"""One id leads from a request over function, queue and worker to its email."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest

from tests.conftest import ENV_FILE
from tests.support.api import Api
from tests.support.errors import Sentry
from tests.support.inbox import Inbox
from tests.support.people import People
from tests.support.template import ROOT

STORY = [
    r"match_request +POST /api/matches 201 ",
    r"match_request +→ redis ",
    r"match_request +→ supabase POST /rest/v1/rpc/request_match 200 ",
    r"match_request +match\.requested ",
    r"match_request +→ sqs ",
    r"email_sender +takes 1 from \S*Email\S*Queue\S* after ",
    r"email_sender +→ supabase POST /rest/v1/rpc/claim_emails 200 ",
    r"email_sender +→ email POST /emails/batch 200 ",
    r"email_sender +emails\.accepted ",
]


def trace(request_id: str) -> subprocess.CompletedProcess[str]:
    command = ["-m", "local.trace", "--name", ENV_FILE.parent.name, request_id]
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def sentry(stack: dict[str, str]) -> Iterator[Sentry]:
    with Sentry(stack["SENTRY_DSN"]) as sentry:
        yield sentry


def test_a_request_is_followed_to_its_email(api: Api, people: People, inbox: Inbox) -> None:
    maya, leo = people.new(), people.new("Leo")
    api.never_rest(leo)
    forged = {"X-Request-Id": "forged", "X-Caller-Request-Id": "forged"}
    answer = api.call(
        "POST", "/api/matches", maya, json={"invitee_id": str(leo.id)}, headers=forged
    )
    request_id = answer.headers["x-request-id"]
    assert request_id != "forged"
    inbox.wait_for(leo, 1)

    ends_at = time.monotonic() + 20  # the emulator writes logs late
    while "emails.accepted" not in (shown := trace(request_id).stdout):
        assert time.monotonic() < ends_at, shown
    places = [found.start() if (found := re.search(each, shown)) else -1 for each in STORY]
    assert -1 not in places, shown
    assert places == sorted(places), shown
    times = [float(found) for found in re.findall(r"^ +([+-][\d.]+) s ", shown, re.MULTILINE)]
    assert times == sorted(times)
    assert f'filter @message like "{request_id}"' in shown
    assert maya.email not in shown
    assert leo.email not in shown


def test_an_id_of_no_request_is_refused_or_unknown(stack: dict[str, str]) -> None:
    assert trace(str(uuid4())).returncode == 1
    assert "no request id" in trace('x" | delete @message').stderr


def test_a_crash_of_a_deployed_function_reaches_sentry_once(
    stack: dict[str, str], sentry: Sentry
) -> None:
    client: Any = boto3.Session("test", "test", region_name="us-east-1").client(
        "lambda", endpoint_url=stack["AWS_ENDPOINT_URL"]
    )
    names = [
        each["FunctionName"]
        for page in client.get_paginator("list_functions").paginate()
        for each in page["Functions"]
    ]
    [name] = [each for each in names if "PushSender" in each]
    sender = f"r-{uuid4()}"
    attributes = {"request_id": {"stringValue": sender, "dataType": "String"}}
    record = {"messageId": str(uuid4()), "messageAttributes": attributes}  # it has no body
    for _ in range(2):
        answer = client.invoke(FunctionName=name, Payload=json.dumps({"Records": [record]}))
        assert answer["FunctionError"]
    [found] = [each for each in sentry.events() if each["tags"].get("caused_by") == sender]
    assert found["exception"]["values"][-1]["type"] == "KeyError"
    assert found["exception"]["values"][-1]["stacktrace"]["frames"][-1]["function"] == "handler"
    assert found["release"] == "wingman@dev"
    assert re.fullmatch(r"[0-9a-f]{32}", found["contexts"]["trace"]["trace_id"])
