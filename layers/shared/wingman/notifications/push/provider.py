"""The push provider, Firebase Cloud Messaging (HTTP v1): one device, one reply.

Only this module knows its answers. It translates them into a `Reply`, so that no other module
decides by status codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Protocol

import httpx

from wingman.kit.clients.circuits import breaker
from wingman.kit.clients.google import AccessTokens
from wingman.kit.clients.transport import http_client, reach, retry_after
from wingman.kit.resilience.breaker import PROBE_SECONDS, BreakerOpen
from wingman.kit.settings import load
from wingman.notifications.push.dependencies import PUSH_PROVIDER
from wingman.notifications.push.rules import Reply
from wingman.notifications.push.settings import PushSettings

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class Answer:
    """The provider's answer; `error` names what was wrong, never with a token."""

    reply: Reply
    retry_after: timedelta | None = None
    error: str | None = None


class PushProvider(Protocol):
    """Delivers pushes."""

    def send(self, message: Mapping[str, Any]) -> Answer:
        """Hand a message over for its device. Never raises: an outage is an answer too."""


class Fcm(PushProvider):
    """Firebase Cloud Messaging."""

    def __init__(self, url: str, project: str, tokens: AccessTokens, client: httpx.Client) -> None:
        self._base_url = url
        self._url = f"{url}/v1/projects/{project}/messages:send"
        self._tokens = tokens
        self._client = client

    def send(self, message: Mapping[str, Any]) -> Answer:
        try:
            return breaker(PUSH_PROVIDER).call(
                lambda: self._send(message),
                probe=lambda: reach(self._base_url, PUSH_PROVIDER.name, seconds=PROBE_SECONDS),
                failed=lambda answer: answer.reply is Reply.UNAVAILABLE,
            )
        except BreakerOpen as error:
            wait = timedelta(seconds=int(error.headers["Retry-After"]))
            return Answer(Reply.LEFT_ALONE, wait, "breaker open")

    def _send(self, message: Mapping[str, Any]) -> Answer:
        answer = self._post(message)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            # Google may have revoked the access token before it expired.
            self._tokens.forget()
            answer = self._post(message)
        return _read(answer)

    def _post(self, message: Mapping[str, Any]) -> httpx.Response:
        try:
            headers = {"Authorization": f"Bearer {self._tokens.get()}"}
            return self._client.post(self._url, json=message, headers=headers)
        except httpx.HTTPStatusError as error:  # from the request for a token
            refused = error.response.is_client_error
            status = httpx.codes.FORBIDDEN if refused else httpx.codes.SERVICE_UNAVAILABLE
            return httpx.Response(status, headers=_waits(error.response))
        except httpx.HTTPError:
            return httpx.Response(httpx.codes.SERVICE_UNAVAILABLE)


def _waits(answer: httpx.Response) -> dict[str, str]:
    seconds = answer.headers.get("retry-after")
    return {"retry-after": seconds} if seconds else {}


# https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
_BY_CODE = {
    "UNREGISTERED": Reply.UNREGISTERED,
    "INVALID_ARGUMENT": Reply.REJECTED,
    "SENDER_ID_MISMATCH": Reply.REJECTED,
    "QUOTA_EXCEEDED": Reply.RATE_LIMITED,
    "UNAVAILABLE": Reply.UNAVAILABLE,
    "INTERNAL": Reply.UNAVAILABLE,
    "THIRD_PARTY_AUTH_ERROR": Reply.REFUSED,
}
# A 404 without a code is a wrong project or address: nothing is known about the device.
_BY_STATUS = {
    400: Reply.REJECTED,
    401: Reply.REFUSED,
    403: Reply.REFUSED,
    404: Reply.REFUSED,
    429: Reply.RATE_LIMITED,
}


def _read(answer: httpx.Response) -> Answer:
    if answer.is_success:
        return Answer(Reply.SENT)
    code = _code(answer)
    reply = _BY_CODE.get(code) or _BY_STATUS.get(answer.status_code, Reply.UNAVAILABLE)
    seconds = retry_after(answer)
    wait = None if seconds is None else timedelta(seconds=seconds)
    return Answer(reply, wait, code or f"status {answer.status_code}")


def _code(answer: httpx.Response) -> str:
    try:
        details = answer.json()["error"]["details"]
        return next(str(one["errorCode"]) for one in details if "errorCode" in one)
    except (ValueError, KeyError, TypeError, StopIteration):
        return ""


@cache
def provider() -> PushProvider:
    """Return the container's client, with kept-alive connections."""
    settings = load(PushSettings)
    account = settings.account
    client = http_client(PUSH_PROVIDER.name, timeout=TIMEOUT_SECONDS, judge=lambda _: None)
    tokens = AccessTokens(account.identity, SCOPE, client)
    return Fcm(settings.fcm_api_url, account.project_id, tokens, client)
