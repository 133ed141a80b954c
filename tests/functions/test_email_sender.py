"""The SQS handler: one request for a whole batch; only failed messages go back to the queue."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.support.functions import imported
from tests.unit.notifications.email.sending.fakes import (
    LOST,
    Context,
    House,
    OutboxAway,
    house,
    invitation,
)
from wingman.notifications.email.sending import service

app = imported("email_sender")
EVENTS = Path(__file__).parents[2] / "events/email_sender"
NAMED = [
    UUID("11111111-1111-4111-8111-111111111111"),
    UUID("22222222-2222-4222-8222-222222222222"),
]


def event(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return loaded


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> House:
    """A sender whose outbox holds both emails of the sample events, due."""
    built = house()
    for email in NAMED:
        built.outbox.add(invitation(id=email))
    monkeypatch.setattr(service, "sender", lambda: built.sender)
    return built


def test_all_messages_of_a_batch_leave_in_one_request(on: House) -> None:
    answer = app.handler(event("two_messages"), Context())

    assert answer == {"batchItemFailures": []}
    assert len(on.provider.requests) == 1
    assert {email.email_id for email in on.provider.inbox} == set(NAMED)


def test_only_the_malformed_message_goes_back(on: House) -> None:
    del on.outbox.rows[NAMED[0]]
    batch = event("malformed_message")

    answer = app.handler(batch, Context())

    poison = batch["Records"][0]["messageId"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": poison}]}
    assert [email.email_id for email in on.provider.inbox] == [NAMED[1]]


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "{", '{"email_ids": []}', '{"email_ids": ["x"]}', '{"ids": []}']
)
def test_any_other_body_is_a_malformed_message(on: House, body: str) -> None:
    del on.outbox.rows[NAMED[0]]
    batch = event("two_messages")
    batch["Records"][0]["body"] = body

    answer = app.handler(batch, Context())

    assert len(answer["batchItemFailures"]) == 1
    assert [email.email_id for email in on.provider.inbox] == [NAMED[1]]


def test_every_message_goes_back_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "sender", lambda: house(OutboxAway).sender)
    batch = event("two_messages")

    answer = app.handler(batch, Context())

    returned = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    assert returned == [message["messageId"] for message in batch["Records"]]


def test_an_outage_of_the_provider_returns_nothing_to_the_queue(on: House) -> None:
    on.provider.faults = [LOST] * 4

    assert app.handler(event("two_messages"), Context()) == {"batchItemFailures": []}
    assert {on.outbox.status(email) for email in NAMED} == {"pending"}
