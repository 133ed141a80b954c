"""Each function accepts its sample events, filled in from the stack."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.errors import StackError
from local.invoke import is_good
from local.sample_events import filled
from tests.support.codedeploy import CodeDeploy, Release
from tests.support.functions import Function
from tests.support.template import ROOT

EVENTS = sorted((ROOT / "events").glob("*/*.json"))
# Samples that are refused, with their status; None for a batch with a message that is returned.
REFUSED = {
    "docs/unknown_path": 404,
    "email_sender/malformed_message": None,
    "push_sender/malformed_message": None,
}
SCHEDULES = {
    "housekeeping/every_hour",
    "recommendations_refresh/every_quarter",
    "session_reminders/every_minute",
}


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.fixture
def codedeploy() -> Iterator[CodeDeploy]:
    """Yield a CodeDeploy that knows the sample's deployment, of a function that does not exist."""
    event = json.loads((ROOT / "events/release_check/before_traffic.json").read_text())
    with CodeDeploy(aws=None, hook="") as stand_in:
        stand_in.know(event["DeploymentId"], Release("absent", "2"), "1")
        yield stand_in


@pytest.mark.parametrize("path", EVENTS, ids=name_of)
def test_a_sample_event_is_answered(
    function: Callable[..., Function],
    stack: dict[str, str],
    codedeploy: CodeDeploy,
    monkeypatch: pytest.MonkeyPatch,
    path: Path,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CODEDEPLOY", codedeploy.url)
    app = function(path.parent.name)

    answer = app.invoke(filled(path, stack), milliseconds=60_000)

    expected = REFUSED.get(name_of(path))
    assert is_good(answer, expected) == (path.stem != "malformed_message"), answer


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_a_schedule_sample_is_what_eventbridge_scheduler_sends(name: str) -> None:
    event = json.loads((ROOT / "events" / f"{name}.json").read_text())

    assert (event["source"], event["detail-type"]) == ("aws.scheduler", "Scheduled Event")
    assert event["detail"] == "{}", "a string, unlike the object of an EventBridge rule"
    assert event["resources"][0].startswith("arn:aws:scheduler:")


def test_the_checksum_of_a_queue_message_is_right() -> None:
    records = [
        record
        for folder in ("email_sender", "photo_processor", "recommendations_worker")
        for path in (ROOT / "events" / folder).glob("*.json")
        for record in json.loads(path.read_text())["Records"]
    ]

    assert records
    for record in records:
        body = record["body"].encode()
        assert record["md5OfBody"] == hashlib.md5(body, usedforsecurity=False).hexdigest()


def test_a_placeholder_without_a_value_is_an_error(tmp_path: Path, stack: dict[str, str]) -> None:
    path = tmp_path / "health" / "get.json"
    path.parent.mkdir()
    path.write_text('{"body": "{{dog_id}}"}')

    with pytest.raises(StackError, match="dog_id"):
        filled(path, stack)


@pytest.mark.parametrize(
    ("answer", "expected", "good"),
    [
        ({"statusCode": 201}, None, True),
        ({"statusCode": 303}, None, True),
        ({"statusCode": 401}, None, False),
        ({"statusCode": 503}, None, False),
        ({"statusCode": 404}, 404, True),
        ({"statusCode": 200}, 404, False),
        ({"errorType": "KeyError"}, None, False),
        ({"batchItemFailures": [{"itemIdentifier": "1"}]}, None, False),
        ({"batchItemFailures": []}, None, True),
        ({"emails_pruned": 0}, None, True),
        (None, None, True),
    ],
)
def test_a_refusal_is_a_failure_unless_it_was_expected(
    answer: Any, expected: int | None, good: bool
) -> None:
    assert is_good(answer, expected) == good
