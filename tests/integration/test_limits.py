"""Limits on an endpoint, as a client sees them; against real Redis, behind the real adapter.

Property 13 of the specification (a request beyond a limit is a 429); test_ratelimit_model.py
compares the limits themselves with a model.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel

from tests.support.functions import Context, Function
from tests.support.redis import clock_ahead
from tests.support.template import ROOT
from wingman.kit.errors import InvalidRequest
from wingman.kit.http import create_app, lambda_handler, limit_public
from wingman.kit.limits.limits import PUBLIC
from wingman.kit.limits.policy import Policy

Call = Callable[..., tuple[int, Any, dict[str, str]]]
HEAVY = Policy("heavy", 5, 7.0, "ip")
NOWHERE = "http://127.0.0.1:9"
ONCE = Policy("once", 1, 3600.0, "ip")
WATCHING = Policy("watching", 1, 3600.0, "ip", shadow=True)


class Note(BaseModel):
    text: str


@pytest.fixture
def start(function: Callable[..., Function]) -> Callable[..., Call]:
    """Start a test function with the environment of the docs function."""

    def _start(**overrides: str) -> Call:
        function("docs", **overrides)
        app, ip = create_app(), str(uuid4())

        @app.get("/heavy", dependencies=[limit_public(HEAVY, WATCHING, cost=2)])
        def heavy() -> None: ...

        @app.get("/public", dependencies=[limit_public(PUBLIC)])
        def public() -> None: ...

        @app.post("/once", dependencies=[limit_public(ONCE)])
        def once(note: Note) -> None: ...

        @app.get("/unlimited")
        def unlimited() -> None:
            raise InvalidRequest

        handler = lambda_handler(app)

        def call(path: str, body: str | None = None) -> tuple[int, Any, dict[str, str]]:
            event = json.loads((ROOT / "events" / "health" / "get.json").read_text())
            if body is not None:
                event["body"] = body
                event["headers"]["content-type"] = "application/json"
                event["requestContext"]["http"]["method"] = "POST"
            event["rawPath"], _, event["rawQueryString"] = path.partition("?")
            event["requestContext"]["http"] |= {"path": event["rawPath"], "sourceIp": ip}
            answer = handler(event, Context())
            headers = {name.lower(): value for name, value in answer["headers"].items()}
            return answer["statusCode"], json.loads(answer["body"]), headers

        return call

    return _start


@pytest.fixture
def call(start: Callable[..., Call]) -> Call:
    return start()


def test_an_answer_states_the_remaining_tokens_and_the_reset_time(call: Call) -> None:
    _, _, headers = call("/heavy")
    assert headers["ratelimit-policy"] == '"heavy";q=5;w=35, "ip";q=1000;w=60'
    assert headers["ratelimit"] == '"heavy";r=3;t=14, "ip";r=998;t=1'
    assert "retry-after" not in headers


def test_a_refusal_states_the_exact_wait_in_seconds(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("/heavy")
    call("/heavy")  # one token is left and two are needed; the next arrives within 7 s
    for _ in range(2):  # the second refusal comes from the container's memory
        status, problem, headers = call("/heavy")
        assert (status, problem["code"]) == (429, "rate_limited")
        assert headers["retry-after"] == "7"
        assert headers["ratelimit"].startswith('"heavy";r=1;t=28')
    clock_ahead(monkeypatch, 1.1)
    assert call("/heavy")[2]["retry-after"] == "6"


@pytest.mark.parametrize("path", ["/elsewhere", "/unlimited"])
def test_a_request_that_reached_no_limit_is_charged_when_it_is_answered(
    call: Call, path: str
) -> None:
    assert call(path)[2]["ratelimit"].startswith('"ip";r=999;')


def test_a_limit_is_charged_before_the_body_is_parsed(call: Call) -> None:
    assert [call("/once", "{")[0] for _ in range(2)] == [400, 429]


def test_without_limits_everything_passes(start: Callable[..., Call]) -> None:
    call = start(ENABLE_RATE_LIMITING="false")
    for _ in range(7):
        status, _, headers = call("/heavy")
    assert status == 200
    assert "ratelimit" not in headers


def test_a_bucket_in_shadow_mode_refuses_no_request_and_counts_would_be_refusals(
    start: Callable[..., Call], capsys: pytest.CaptureFixture[str]
) -> None:
    call = start(RATE_LIMIT_SHADOW="public")
    for _ in range(2 * PUBLIC.capacity):  # twice: the bucket refills by a token per second
        status, _, headers = call("/public")
        assert status == 200
        assert '"public"' not in headers["ratelimit"]
    would = [line for line in capsys.readouterr().out.splitlines() if "WouldRefuse" in line]
    assert would
    assert all('"policy": "public"' in line for line in would)


def test_other_buckets_still_refuse_while_one_is_in_shadow_mode(start: Callable[..., Call]) -> None:
    call = start(RATE_LIMIT_SHADOW="public, email")
    assert [call("/heavy")[0] for _ in range(3)] == [200, 200, 429]
    assert call("/public")[0] == 200


def test_without_redis_a_container_has_its_share(start: Callable[..., Call]) -> None:
    call = start(UPSTASH_REDIS_REST_URL=NOWHERE)
    status, _, headers = call("/heavy")
    assert status == 200
    assert headers["ratelimit"].startswith('"heavy";r=0;')  # its share of two is spent
    assert call("/heavy")[0] == 429
