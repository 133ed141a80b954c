"""The stand-in for the language model refuses what the provider refuses."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

GOOD: dict[str, Any] = {
    "model": "claude-haiku-5-5",
    "max_tokens": 10,
    "messages": [{"role": "user", "content": "Hello"}],
}


@pytest.fixture
def provider(stack: dict[str, str]) -> Iterator[httpx.Client]:
    headers = {"x-api-key": stack["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01"}
    with httpx.Client(base_url=stack["ANTHROPIC_API_URL"], headers=headers) as client:
        yield client


def refused(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["type"] == "error"
    assert body["error"]["message"]
    return answer.status_code, body["error"]["type"]


def test_a_message_is_answered(provider: httpx.Client) -> None:
    answer = provider.post("/v1/messages", json=GOOD).json()
    assert (answer["type"], answer["role"], answer["stop_reason"]) == (
        *("message", "assistant"),
        "end_turn",
    )
    assert answer["content"][0]["type"] == "text"
    assert answer["usage"]["output_tokens"] > 0


@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
def test_another_key_is_refused(provider: httpx.Client, header: str) -> None:
    del provider.headers["x-api-key"]
    for headers in ({}, {header: "Bearer wrong"}):
        answer = provider.post("/v1/messages", json=GOOD, headers=headers)
        assert refused(answer) == (401, "authentication_error")


def test_the_version_has_to_be_named(provider: httpx.Client) -> None:
    del provider.headers["anthropic-version"]
    answer = provider.post("/v1/messages", json=GOOD)
    assert refused(answer) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    "change", [{"model": ""}, {"max_tokens": 0}, {"messages": []}, {"messages": "Hello"}]
)
def test_a_field_that_is_wrong_is_refused(provider: httpx.Client, change: dict[str, Any]) -> None:
    answer = provider.post("/v1/messages", json=GOOD | change)
    assert refused(answer) == (400, "invalid_request_error")
    assert next(iter(change)) in answer.json()["error"]["message"]


def test_there_is_nothing_else(provider: httpx.Client) -> None:
    assert refused(provider.get("/v1/models")) == (404, "not_found_error")
