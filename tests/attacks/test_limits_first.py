"""Requests that fail early are charged too, and an empty shared bucket does not block everyone."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from redis import Redis

from tests.support.api import Api, assert_problem
from tests.support.people import People
from wingman.kit.limits.limits import EVERY_IP, EVERYONE
from wingman.kit.limits.policy import Policy
from wingman.notifications.email.letters.links import Link, sign
from wingman.notifications.email.models import Category

# The source address that the emulator of API Gateway reports for every client.
HERE = "127.0.0.1"
# An emptied bucket stays empty for this long; containers remember a refusal for less time.
EMPTY_SECONDS = 3.0

Empty = Callable[[Policy, str], None]


@pytest.fixture
def empty(stack: dict[str, str]) -> Iterator[Empty]:
    """Empty a bucket of the deployed API, as a flood would; refill it after the test."""
    emptied = set()
    with Redis.from_url(stack["REDIS_URL"]) as redis:

        def _empty(policy: Policy, subject: str) -> None:
            seconds, micros = redis.time()
            full_at = (seconds + EMPTY_SECONDS + policy.window_seconds) * 1_000_000 + micros
            redis.set(policy.key(subject), f"{full_at:.0f}", ex=60)
            emptied.add(policy.key(subject))

        yield _empty
        for key in emptied:
            redis.delete(key)
        time.sleep(EMPTY_SECONDS + 1)  # containers remember the refusal


JSON = {"Content-Type": "application/json"}
EARLY: dict[str, tuple[int, str, str, dict[str, Any]]] = {
    "no token": (401, "GET", "/api/matches", {}),
    "a bad token": (401, "GET", "/api/matches", {"headers": {"Authorization": "Bearer x.y.z"}}),
    "a bad token before a gate": (401, "GET", "/api/user/reputation/x", {}),
    "a body without a token": (401, "POST", "/api/matches", {"content": b"{", "headers": JSON}),
    "a large body": (413, "POST", "/api/matches", {"content": b" " * 2_000_001}),
    "a wrong method": (405, "DELETE", "/api/matches", {}),
    "an unknown path": (404, "GET", "/elsewhere", {}),
    "an unsigned event": (400, "POST", "/webhooks/resend", {"json": {}}),
}


def test_requests_that_fail_early_are_charged_to_their_address(api: Api, empty: Empty) -> None:
    for status, method, path, options in EARLY.values():
        assert api.call(method, path, **options).status_code == status

    refused = {}
    for name, (_, method, path, options) in EARLY.items():
        empty(EVERY_IP, HERE)
        refused[name] = api.call(method, path, **options)

    assert {name: answer.status_code for name, answer in refused.items()} == dict.fromkeys(
        EARLY, 429
    )
    for answer in refused.values():
        assert_problem(answer, 429, "rate_limited")
        assert int(answer.headers["retry-after"]) >= 1


def test_an_empty_global_bucket_closes_neither_health_nor_the_links_in_emails(
    api: Api, people: People, stack: dict[str, str], empty: Empty
) -> None:
    link = Link(people.new().id, Category.MARKETING_EMAILS)
    token = sign(stack["EMAIL_LINK_SECRET"], link)
    unsubscribe = f"/api/email/unsubscribe?token={token}"
    one_click = {"List-Unsubscribe": "One-Click"}

    def ask(method: str, path: str, **options: Any) -> httpx.Response:
        empty(EVERYONE, "all")
        return api.call(method, path, **options)

    assert api.call("GET", "/api/features").status_code == 200
    assert_problem(ask("GET", "/api/features"), 429, "rate_limited")
    assert ask("GET", "/health").status_code == 200
    assert ask("GET", unsubscribe).status_code == 200
    assert ask("GET", f"/email/preferences?token={token}").status_code == 200
    assert ask("POST", unsubscribe, data=one_click).status_code == 200


def form(disposition: str) -> bytes:
    head = f"Content-Disposition: form-data; {disposition}"
    return f"--B\r\n{head}\r\n\r\nOne-Click\r\n--B--\r\n".encode()


@pytest.mark.parametrize(
    "body",
    [
        form("name=" + "(" * 60_000),
        form("a=b;" * 15_900),
        form('name="List-Unsubscribe"') * 500,
        b"--B\r\n" * 12_000,
        b"--B\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n" * 1_000,
    ],
    ids=["nested comments", "parameters", "parts", "boundaries", "nested forms"],
)
def test_a_form_made_to_be_expensive_is_refused(api: Api, body: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    answer: httpx.Response = api.call(
        "POST", "/api/email/unsubscribe", content=body, headers=headers
    )
    assert answer.status_code in {400, 422}
