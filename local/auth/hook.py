"""The Send Email hook, which hands emails over, signed as Standard Webhooks.

https://supabase.com/docs/guides/auth/auth-hooks/send-email-hook
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx

from local.auth.project import Project
from local.auth.refusal import Refusal, failed

ATTEMPTS = 3
_PAUSE_SECONDS = 2
_GOOD = {HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT}
_AGAIN = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_REASONS: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "Invalid payload sent to hook",
    HTTPStatus.UNAUTHORIZED: "Hook requires authorization token",
}


def deliver(project: Project, url: str, payload: Mapping[str, Any]) -> None:
    """Post the email until it is accepted, at most three times. Raises Refusal."""
    body = json.dumps(payload)
    ends_at = time.monotonic() + project.settings.hook_seconds
    with httpx.Client(trust_env=False) as client:
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            answer = _post(client, url, project.hook_secret, body, ends_at, last=last)
            if answer is not None:
                project.hook_answers[answer.status_code] += 1
            if _accepted(answer):
                return
    raise failed("Service currently unavailable due to hook")


def _post(
    client: httpx.Client, url: str, secret: str, body: str, ends_at: float, *, last: bool
) -> httpx.Response | None:
    """Post once; after a failed connection wait and return None. The `last` one raises."""
    headers = {"content-type": "application/json", **signed(secret, str(uuid4()), body)}
    try:
        left = max(0.001, ends_at - time.monotonic())
        return client.post(url, content=body, headers=headers, timeout=left)
    except httpx.TimeoutException as error:
        raise _timed_out() from error
    except httpx.TransportError as error:
        if last:
            message = "Failed to reach hook after maximum retries"
            code = "hook_timeout_after_retry"
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, code, message) from error
    if time.monotonic() + _PAUSE_SECONDS > ends_at:
        raise _timed_out()
    time.sleep(_PAUSE_SECONDS)
    return None


def _accepted(answer: httpx.Response | None) -> bool:
    if answer is None or (answer.status_code in _AGAIN and "retry-after" in answer.headers):
        return False
    if answer.status_code not in _GOOD:
        other = f"Unexpected status code returned from hook: {answer.status_code}"
        raise failed(_REASONS.get(answer.status_code, other))
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind != "application/json" and answer.status_code != HTTPStatus.NO_CONTENT:
        message = f"Invalid JSON response. Received content-type: {kind}"
        raise Refusal(HTTPStatus.BAD_REQUEST, "hook_payload_invalid_content_type", message)
    return True


def _timed_out() -> Refusal:
    message = "Failed to reach hook within maximum time"
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "hook_timeout", message)


def signed(secret: str, message_id: str, body: str, timestamp: int | None = None) -> dict[str, str]:
    """Return the headers of a message: `secret` is `v1,whsec_` and base64."""
    sent = str(timestamp if timestamp is not None else int(time.time()))
    key = base64.b64decode(secret.removeprefix("v1,").removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message_id}.{sent}.{body}".encode(), hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": sent,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
