from base64 import b64encode
from secrets import token_bytes
from typing import Any

import pytest
import resend

from local.resend.errors import (
    ConcurrentIdempotentRequestsError,
    InvalidFromAddressError,
    InvalidIdempotencyKeyError,
    InvalidIdempotentRequestError,
    MissingRequiredFieldError,
    RateLimitExceededError,
    ValidationError,
)
from local.resend.faults import Faults, Mode
from local.resend.idempotency import MEMORY_SECONDS, IdempotencyKeys
from local.resend.messages import validate
from local.resend.ratelimit import RateLimit
from local.resend.webhooks import signed

VALID = {"from": "Wingman <hi@example.com>", "to": ["a@example.com"], "subject": "s", "text": "t"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_same_request_gets_the_first_answer() -> None:
    keys = IdempotencyKeys()
    assert keys.begin("k", "body") is None
    keys.finish("k", {"id": "1"})
    assert keys.begin("k", "body") == {"id": "1"}


def test_another_body_under_the_same_key_is_refused() -> None:
    keys = IdempotencyKeys()
    keys.begin("k", "body")
    keys.finish("k", {"id": "1"})
    with pytest.raises(InvalidIdempotentRequestError):
        keys.begin("k", "other body")


def test_a_second_request_during_the_first_is_refused() -> None:
    keys = IdempotencyKeys()
    keys.begin("k", "body")
    with pytest.raises(ConcurrentIdempotentRequestsError):
        keys.begin("k", "body")


def test_a_key_is_forgotten_after_a_day() -> None:
    clock = Clock()
    keys = IdempotencyKeys(clock)
    keys.begin("k", "body")
    keys.finish("k", {"id": "1"})
    clock.now += MEMORY_SECONDS - 1
    assert keys.begin("k", "body") == {"id": "1"}
    clock.now += 1
    assert keys.begin("k", "other body") is None


def test_a_refused_request_leaves_its_key_free() -> None:
    keys = IdempotencyKeys()
    keys.begin("k", "body")
    keys.abandon("k")
    assert keys.begin("k", "other body") is None


@pytest.mark.parametrize("key", ["", "k" * 257])
def test_a_key_has_1_to_256_characters(key: str) -> None:
    with pytest.raises(InvalidIdempotencyKeyError):
        IdempotencyKeys().begin(key, "body")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"from": ""}, MissingRequiredFieldError),
        ({"from": "no one"}, InvalidFromAddressError),
        ({"to": []}, MissingRequiredFieldError),
        ({"to": ["a@example.com", "b"]}, ValidationError),
        ({"to": ["a@example.com"] * 51}, ValidationError),
        ({"to": [7]}, ValidationError),
        ({"subject": None}, MissingRequiredFieldError),
        ({"subject": ["s"]}, ValidationError),
        ({"text": ""}, MissingRequiredFieldError),
        ({"headers": {"X": 1}}, ValidationError),
        ({"tags": [{"name": "a", "value": "not this"}]}, ValidationError),
        ({"tags": "a"}, ValidationError),
    ],
)
def test_an_email_with_a_bad_field_is_refused(
    change: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        validate(VALID | change)


@pytest.mark.parametrize("name", ["attachments", "scheduled_at"])
def test_a_batch_takes_neither_attachments_nor_a_schedule(name: str) -> None:
    validate(VALID | {name: ["x"]})
    with pytest.raises(ValidationError):
        validate(VALID | {name: ["x"]}, batch=True)


def test_a_request_over_the_limit_learns_when_to_retry() -> None:
    clock = Clock()
    limit = RateLimit(clock)
    limit.set(2)
    assert limit.spend()["ratelimit-remaining"] == "1"
    assert limit.spend()["ratelimit-remaining"] == "0"
    with pytest.raises(RateLimitExceededError) as refusal:
        limit.spend()
    assert refusal.value.headers["retry-after"] == "1"
    assert refusal.value.headers["ratelimit-limit"] == "2"
    clock.now += 1
    assert limit.spend()["ratelimit-remaining"] == "1"


def test_a_fault_applies_as_often_as_planned_and_only_to_its_recipients() -> None:
    faults = Faults()
    faults.add({"mode": "reject", "count": 2, "match": "leo"})
    assert faults.take(["maya@example.com"]) is None
    assert faults.take(["leo@example.com"]) is Mode.REJECT
    assert faults.take(["maya@example.com", "leo@example.com"]) is Mode.REJECT
    assert faults.take(["leo@example.com"]) is None


@pytest.mark.parametrize("body", [{"mode": "explode"}, {"mode": "reject", "count": 0}])
def test_a_fault_that_makes_no_sense_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Faults().add(body)


def test_the_providers_own_library_accepts_the_signature() -> None:
    secret = "whsec_" + b64encode(token_bytes(24)).decode()
    body = '{"type":"email.delivered"}'
    headers = signed(secret, "msg_1", body)
    resend.Webhooks.verify(
        {
            "payload": body,
            "headers": {
                "id": headers["svix-id"],
                "timestamp": headers["svix-timestamp"],
                "signature": headers["svix-signature"],
            },
            "webhook_secret": secret,
        }
    )
