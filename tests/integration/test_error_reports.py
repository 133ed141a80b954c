"""An exception in a function of any kind reaches Sentry's stand-in once, without personal data."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.support.errors import Sentry
from tests.support.functions import Function
from tests.support.people import People
from wingman.kit.reporting import sending

Load = Callable[..., Function]
# Each worker and schedule, with what breaks in it.
WORKERS = {
    "auth_requests": "carry_out",
    "email_sender": "emails.sender",
    "photo_processor": "processor",
    "push_sender": "pushes.sender",
    "recommendations_worker": "get_service_client",
    "housekeeping": "get_service_client",
    "photo_sweep": "get_service_client",
    "recommendations_refresh": "get_service_client",
    "session_reminders": "get_service_client",
}
BODIES = {
    "email_sender": {"email_ids": [str(uuid4())]},
    "push_sender": {"push_ids": [str(uuid4())]},
    "recommendations_worker": {"user_ids": [str(uuid4())]},
    "auth_requests": {"sealed": "x"},
}


@pytest.fixture
def sentry(stack: dict[str, str]) -> Iterator[Sentry]:
    with Sentry(stack["SENTRY_DSN"]) as sentry:
        yield sentry


def crash(*_: object, **__: object) -> None:
    secret = "words of a user"
    raise RuntimeError(f"no such user: {secret}")


def message(sender: str, number: str) -> dict[str, Any]:
    attributes = {"request_id": {"stringValue": sender, "dataType": "String"}}
    return {"messageId": number, "messageAttributes": attributes}


def reported(sentry: Sentry, request_id: str = "") -> list[dict[str, Any]]:
    """Return events once the report that is under way has ended."""
    if thread := sending._reporter()._thread:
        thread.join(10)
    return sentry.events(request_id)


def test_a_crash_of_an_http_function_is_reported_once(
    function: Load, sentry: Sentry, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, maya = function("match_request", VERSION="1.4.0"), people.new()
    monkeypatch.setattr(app.module.service, "list_matches", crash)
    event = app.event("list", access_token=maya.token)
    event["requestContext"]["requestId"] = request_id = f"crash-{uuid4()}"
    for _ in range(2):
        answer = app.invoke(event)
        assert answer["statusCode"] == 500
        assert json.loads(answer["body"])["request_id"] == request_id
    [found] = reported(sentry, request_id)
    assert found["release"] == "wingman@1.4.0"
    assert found["exception"]["values"][-1]["type"] == "RuntimeError"
    for secret in ("words of a user", maya.email, maya.token, str(maya.id)):
        assert secret not in json.dumps(found)


@pytest.mark.parametrize("name", WORKERS)
def test_a_crash_of_a_worker_or_schedule_is_reported_once(
    function: Load, sentry: Sentry, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    app = function(name, VERSION="1.4.0")
    where, _, what = WORKERS[name].rpartition(".")
    monkeypatch.setattr(getattr(app.module, where) if where else app.module, what, crash)
    sender, number = f"r-{uuid4()}", str(uuid4())
    record = message(sender, number)
    record["body"] = (
        app.event("upload")["Records"][0]["body"]
        if name == "photo_processor"
        else json.dumps(BODIES.get(name, {}))
    )
    before = {one["event_id"] for one in sentry.events()}
    for _ in range(3):  # as SQS repeats it
        with pytest.raises(RuntimeError):
            app.invoke({"Records": [record], "walk": False})
    [found] = [one for one in reported(sentry) if one["event_id"] not in before]
    assert found["tags"]["caused_by"] == sender
    assert found["release"] == "wingman@1.4.0"
    assert "maya" not in json.dumps(found)


@pytest.mark.parametrize("mode", ["slow", "broken", "error_500", "rate_limited"])
def test_a_sentry_that_fails_changes_no_answer(
    function: Load, sentry: Sentry, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    app = function("housekeeping")
    monkeypatch.setattr(app.module, "get_service_client", crash)
    with sentry.fault(mode):
        before = sentry.asked()
        for _ in range(3):
            with pytest.raises(RuntimeError, match="no such user"):
                app.invoke({})
        assert sentry.asked() - before == 1


def test_the_stand_in_refuses_what_is_no_event(function: Load, stack: dict[str, str]) -> None:
    function("housekeeping")
    url, key = sending.address(stack["SENTRY_DSN"])
    headers = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={key}"}
    post = sending._client().post
    statuses = [
        post(url, content=b"{}", headers=headers).status_code,
        post(url, content=b"{}", headers={"X-Sentry-Auth": "Sentry sentry_key=other"}).status_code,
        post(url, content=b"junk\n\xff", headers=headers).status_code,
        post(url, content=b"x" * 1_000_001, headers=headers).status_code,
    ]
    assert statuses == [400, 403, 400, 413]
