"""One id connects a request with its function, queue message, worker and email."""

import contextlib
import io
import json
import re
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest

from local.trace.__main__ import main
from tests.support.api import Api
from tests.support.errors import Sentry
from tests.support.fixtures import ENV_FILE
from tests.support.inbox import Inbox
from tests.support.people import People

STORY = [
    r"match_request +POST /api/matches 201 ",
    r"match_request +→ redis ",
    r"match_request +→ supabase POST /rest/v1/rpc/request_match 200 ",
    r"match_request +→ sqs ",
    r"email_sender +takes 1 from \S*Email\S*Queue\S* after ",
    r"email_sender +→ supabase POST /rest/v1/rpc/claim_emails 200 ",
    r"email_sender +→ email POST /emails/batch 200 ",
    r"database +email match_invitation \S+ is sent",
]


CHAT = [
    r"conversations +POST /api/conversations/\{match_id\}/messages 201 ",
    r"conversations +→ supabase POST /rest/v1/rpc/send_message 200 ",
    r"database +records notification message \S+, its push is sent",
    r"conversations +→ sqs ",
    r"push_sender +takes 1 from \S*PushQueue\S* after (\d\d|[3-9])\.",
    r"push_sender +→ supabase POST /rest/v1/rpc/claim_pushes 200 ",
    r"push_sender +→ push POST \S*messages:send 200 ",
    r"FCM +accepts the push of notification ",
    r"push_sender +→ supabase POST /rest/v1/rpc/complete_pushes 200 ",
]


def client(stack: dict[str, str], service: Any) -> Any:
    session = boto3.Session("test", "test", region_name="us-east-1")
    return session.client(service, endpoint_url=stack["AWS_ENDPOINT_URL"])


def trace(request_id: str) -> tuple[int, str]:
    """Run the command in this process; return its code and its output."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        code = main(["--name", ENV_FILE.parent.name, request_id])
    return code, output.getvalue()


def story(request_id: str, acts: list[str]) -> str:
    """Wait for the last act in the output; fail unless it has all acts in this order."""
    ends_at = time.monotonic() + 60
    while re.search(acts[-1], shown := trace(request_id)[1]) is None:
        assert time.monotonic() < ends_at, shown
        time.sleep(0.2)
    places = [found.start() if (found := re.search(each, shown)) else -1 for each in acts]
    assert -1 not in places, shown
    assert places == sorted(places), shown
    return shown


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

    shown = story(request_id, STORY)
    times = [float(found) for found in re.findall(r"^ +([+-][\d.]+) s ", shown, re.MULTILINE)]
    assert times == sorted(times)
    assert maya.email not in shown
    assert leo.email not in shown


@pytest.fixture
def short_wait(people: People) -> Iterator[None]:
    """Shorten the wait for the push of a message from thirty seconds to three."""
    [(definition,)] = people.connection.execute(
        "select pg_get_functiondef('private.notify_of_message'::regproc)"
    ).fetchall()
    assert definition.count(" := 30;") == 1
    people.connection.execute(definition.replace(" := 30;", " := 3;"))
    yield
    people.connection.execute(definition)


def test_a_chat_message_waits_in_the_queue_and_is_followed_to_its_push(
    api: Api, people: People, short_wait: None
) -> None:
    """The sweep would send the push too, but under another id."""
    maya, leo = people.pair()
    match_id = api.invited(maya, leo)
    api.answer(leo, match_id)
    phone, _ = people.sign_in(leo)
    device = {"platform": "android", "token": uuid4().hex}
    assert api.call("PUT", f"/api/devices/{uuid4()}", phone, json=device).status_code == 200
    message = {"client_id": str(uuid4()), "text": f"At eight? {uuid4().hex}"}
    sent = api.call("POST", f"/api/conversations/{match_id}/messages", maya, json=message)
    request_id = sent.headers["x-request-id"]

    shown = story(request_id, CHAT)

    assert message["text"] not in shown


def test_a_log_line_is_found_by_the_command_and_by_the_printed_query(
    stack: dict[str, str],
) -> None:
    """The test writes a line itself: the emulator delays a function's lines until its next call."""
    logs, group, request_id = client(stack, "logs"), f"test-{uuid4()}", str(uuid4())
    line = {"level": "INFO", "message": "dog.barked", "service": "wingman", "times": 3}
    cause = {"correlation_id": str(uuid4()), "caused_by": [request_id]}
    at = {"timestamp": "2026-11-28 12:00:00,123+0000"}
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time())
    logs.put_log_events(
        logGroupName=group,
        logStreamName="s",
        logEvents=[{"timestamp": now * 1000, "message": json.dumps(line | cause | at)}],
    )

    code, shown = trace(request_id)
    query = shown[shown.index("fields ") : shown.index("\n\nand the traces")]
    begun = logs.start_query(
        logGroupNames=[group], startTime=now - 60, endTime=now + 60, queryString=query
    )
    rows = logs.get_query_results(queryId=begun["queryId"])["results"]
    logs.delete_log_group(logGroupName=group)

    assert code == 0
    assert re.search(r"\+0\.000 s +log +dog\.barked times=3\n", shown)
    assert [
        json.loads(column["value"])["message"]
        for row in rows
        for column in row
        if column["field"] == "@message"
    ] == ["dog.barked"]


def test_an_unknown_id_ends_with_an_error_and_the_query() -> None:
    code, shown = trace(request_id := str(uuid4()))
    assert code == 1
    assert request_id in shown


@pytest.mark.parametrize("forged", ['x" | delete @message', "a b", "", "x" * 129])
def test_an_invalid_id_gets_into_no_query(forged: str) -> None:
    with pytest.raises(SystemExit):
        trace(forged)


def test_a_crash_of_a_deployed_function_reaches_sentry_once(
    stack: dict[str, str], sentry: Sentry
) -> None:
    functions = client(stack, "lambda")
    names = [
        each["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for each in page["Functions"]
    ]
    [name] = [each for each in names if "PushSender" in each]
    sender = f"r-{uuid4()}"
    attributes = {"request_id": {"stringValue": sender, "dataType": "String"}}
    record = {"messageId": str(uuid4()), "messageAttributes": attributes}  # it has no body
    for _ in range(2):
        answer = functions.invoke(FunctionName=name, Payload=json.dumps({"Records": [record]}))
        assert answer["FunctionError"]
    [found] = [each for each in sentry.events() if each["tags"].get("caused_by") == sender]
    assert found["exception"]["values"][-1]["type"] == "KeyError"
    assert found["exception"]["values"][-1]["stacktrace"]["frames"][-1]["function"] == "handler"
    assert found["release"] == "wingman@dev"
    assert re.fullmatch(r"[0-9a-f]{32}", found["contexts"]["trace"]["trace_id"])
