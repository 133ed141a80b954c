"""The SQS handler of uploads: only failed messages go back to the queue."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.functions import Context, imported
from tests.unit.photos.processing.fakes import KEY, Bench
from wingman.kit.errors import DependencyUnavailable

app = imported("photo_processor")
EVENTS = Path(__file__).parents[2] / "events/photo_processor"


def event(name: str, *bodies: str) -> dict[str, Any]:
    """Return a sample event; with bodies, one message for each of them."""
    loaded: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    if bodies:
        [message] = loaded["Records"]
        loaded["Records"] = [
            message | {"messageId": str(at), "body": body} for at, body in enumerate(bodies)
        ]
    return loaded


def upload(key: str) -> str:
    body = json.loads(event("upload")["Records"][0]["body"])
    body["Records"][0]["s3"]["object"]["key"] = key
    return json.dumps(body)


def failed(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    built = Bench()
    monkeypatch.setattr(app, "processor", lambda: built.processor)
    return built


def test_an_upload_is_processed(bench: Bench) -> None:
    assert failed(app.handler(event("upload"), Context())) == []
    assert isinstance(bench.photos.outcome, tuple)


def test_a_key_is_encoded_as_in_a_url(bench: Bench) -> None:
    app.handler(event("upload", upload(KEY.replace("/", "%2F"))), Context())
    assert isinstance(bench.photos.outcome, tuple)


def test_the_test_message_of_a_new_bucket_is_ignored(bench: Bench) -> None:
    assert failed(app.handler(event("test_event"), Context())) == []
    assert bench.faults.steps == []


@pytest.mark.parametrize(
    "body", ["", "null", "{", "{}", '{"Records": []}', '{"Records": [{}]}', '{"Event": "other"}']
)
def test_only_a_malformed_message_goes_back(bench: Bench, body: str) -> None:
    answer = app.handler(event("upload", body, upload(KEY)), Context())

    assert failed(answer) == ["0"]
    assert isinstance(bench.photos.outcome, tuple)


def test_a_message_goes_back_while_the_database_is_down(bench: Bench) -> None:
    bench.faults.planned["claim"] = DependencyUnavailable("supabase")

    assert failed(app.handler(event("upload"), Context())) == [
        event("upload")["Records"][0]["messageId"]
    ]
