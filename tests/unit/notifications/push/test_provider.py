"""The translation of the provider's answers, from a server in this process."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from local.fcm import account as fcm
from wingman.kit.clients.google import AccessTokens
from wingman.notifications.push.provider import SCOPE, Fcm
from wingman.notifications.push.rules import Reply
from wingman.notifications.push.settings import ServiceAccount

KEY = fcm.new_key()
URL = "https://fcm.test"
ACCOUNT = ServiceAccount.model_validate_json(fcm.account(KEY, URL))
MESSAGE = {"message": {"token": "t"}}


class Google:
    """Grants tokens and answers sends as planned; the last answer repeats."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.grants: list[dict[str, Any]] = []
        self.used: list[str] = []
        self.answers: list[httpx.Response | Exception] = [httpx.Response(200, json={"name": "x"})]
        self.token_answer: httpx.Response | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return self._grant(request)
        self.used.append(request.headers["authorization"])
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _grant(self, request: httpx.Request) -> httpx.Response:
        if self.token_answer is not None:
            return self.token_answer
        form = dict(httpx.QueryParams(request.content.decode()))
        claims = jwt.decode(
            form["assertion"],
            fcm.public_key(KEY),
            algorithms=["RS256"],
            audience=f"{URL}/token",
            options={"verify_exp": False, "verify_iat": False},
        )
        self.grants.append(claims)
        token = f"token-{len(self.grants)}"
        return httpx.Response(200, json={"access_token": token, "expires_in": 3600})


@pytest.fixture
def google() -> Google:
    return Google()


@pytest.fixture
def provider(google: Google, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fcm]:
    class Open:
        def call(self, function: Callable[[], Any], **_: object) -> Any:
            return function()

    monkeypatch.setattr("wingman.notifications.push.provider.breaker", lambda _: Open())
    with httpx.Client(transport=httpx.MockTransport(google)) as client:
        tokens = AccessTokens(ACCOUNT.identity, SCOPE, client, lambda: google.now)
        yield Fcm(URL, ACCOUNT.project_id, tokens, client)


def refusal(status: int, code: str | None = None, **headers: str) -> httpx.Response:
    details = [{"@type": "x"}, {"errorCode": code}] if code else []
    body = {"error": {"code": status, "message": "token t", "details": details}}
    return httpx.Response(status, json=body, headers=headers)


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (refusal(404, "UNREGISTERED"), Reply.UNREGISTERED),
        (refusal(404), Reply.REFUSED),
        (refusal(400, "INVALID_ARGUMENT"), Reply.REJECTED),
        (refusal(403, "SENDER_ID_MISMATCH"), Reply.REJECTED),
        (refusal(403), Reply.REFUSED),
        (refusal(401, "THIRD_PARTY_AUTH_ERROR"), Reply.REFUSED),
        (refusal(429, "QUOTA_EXCEEDED"), Reply.RATE_LIMITED),
        (refusal(429), Reply.RATE_LIMITED),
        (refusal(500, "INTERNAL"), Reply.UNAVAILABLE),
        (refusal(503, "UNAVAILABLE"), Reply.UNAVAILABLE),
        (httpx.Response(502, text="<html>"), Reply.UNAVAILABLE),
        (httpx.Response(404, json=[]), Reply.REFUSED),
        (httpx.Response(404, json={"error": {"details": None}}), Reply.REFUSED),
        (httpx.ConnectError("away"), Reply.UNAVAILABLE),
        (httpx.ReadTimeout("slow"), Reply.UNAVAILABLE),
    ],
)
def test_each_answer_has_one_meaning(
    google: Google, provider: Fcm, answer: httpx.Response | Exception, reply: Reply
) -> None:
    google.answers = [answer]

    found = provider.send(MESSAGE)

    assert found.reply is reply
    assert "token t" not in (found.error or "")


def test_a_retry_after_is_kept(google: Google, provider: Fcm) -> None:
    google.answers = [refusal(503, "UNAVAILABLE", **{"Retry-After": "42"})]

    assert provider.send(MESSAGE).retry_after == timedelta(seconds=42)


def test_an_access_token_is_asked_for_once_an_hour(google: Google, provider: Fcm) -> None:
    for _ in range(3):
        provider.send(MESSAGE)
    google.now += 3200
    provider.send(MESSAGE)
    google.now += 101
    provider.send(MESSAGE)

    assert google.used == ["Bearer token-1"] * 4 + ["Bearer token-2"]
    assert google.grants[0]["iss"] == ACCOUNT.client_email
    assert google.grants[0]["exp"] - google.grants[0]["iat"] == 3600


def test_a_withdrawn_access_token_is_replaced_once(google: Google, provider: Fcm) -> None:
    google.answers = [refusal(401), httpx.Response(200, json={})]
    assert provider.send(MESSAGE).reply is Reply.SENT

    google.answers = [refusal(401)]
    assert provider.send(MESSAGE).reply is Reply.REFUSED
    assert len(google.used) == 4


@pytest.mark.parametrize(("status", "reply"), [(400, Reply.REFUSED), (503, Reply.UNAVAILABLE)])
def test_a_key_that_google_does_not_take_refuses_and_an_outage_does_not(
    google: Google, provider: Fcm, status: int, reply: Reply
) -> None:
    google.token_answer = httpx.Response(status, json={"error": "invalid_grant"})

    assert provider.send(MESSAGE).reply is reply


def test_the_key_is_in_no_representation() -> None:
    assert json.loads(fcm.account(KEY, URL))["private_key"] not in repr((ACCOUNT, ACCOUNT.identity))
