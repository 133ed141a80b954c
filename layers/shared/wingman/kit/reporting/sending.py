"""Sends events to Sentry: a limited number, each in the time that a request can spare.

https://develop.sentry.dev/sdk/data-model/envelopes/
"""

import json
import os
import time
from collections import deque
from functools import cache
from hashlib import sha256
from threading import Lock, Thread
from urllib.parse import urlsplit

import httpx

from wingman.kit.clients.transport import http_client, retry_after
from wingman.kit.clock import time_left
from wingman.kit.observability import logger
from wingman.kit.reporting.events import Circumstances, event, fingerprint
from wingman.kit.reporting.settings import ReportingSettings
from wingman.kit.settings import AppSettings, load
from wingman.kit.tracing.requests import served
from wingman.kit.tracing.segments import trace

# The invocation that failed waits this long. Then the thread goes on alone: Lambda freezes it with
# the container, and continues it at the next invocation.
WAIT_SECONDS = 0.3
TIMEOUT_SECONDS = 5.0
# After a failure, nothing is sent for this long.
REST_SECONDS = 60.0
MOST_PER_MINUTE = 10
_REMEMBERED = 500


class Reporter:
    """The reports of this container: each error once, and a limited number."""

    def __init__(self, dsn: str) -> None:
        self._url, self._key = address(dsn)
        self._turn = Lock()
        self._known: deque[str] = deque(maxlen=_REMEMBERED)
        self._sent_at: deque[float] = deque(maxlen=MOST_PER_MINUTE)
        self._rests_until = 0.0
        self._thread: Thread | None = None

    def send(self, error: BaseException) -> None:
        """Report an error once for each request or message, and wait for it briefly."""
        found = served()
        reasons = (found.messages or (found.request_id,)) if found else ("",)
        place = fingerprint(error)
        ids = [sha256(f"{reason} {place}".encode()).hexdigest()[:32] for reason in reasons]
        with self._turn:
            if all(each in self._known for each in ids) or not self._may_send():
                return
            self._known.extend(ids)
            self._sent_at.append(time.monotonic())
            body = envelope(event(error, _circumstances(), ids[0], time.time()), ids[0])
            self._thread = Thread(target=self._post, args=(body,), daemon=True)
            self._thread.start()
        self._thread.join(min(WAIT_SECONDS, time_left()))

    def _may_send(self) -> bool:
        now = time.monotonic()
        busy = self._thread is not None and self._thread.is_alive()
        spent = len(self._sent_at) == MOST_PER_MINUTE and now - self._sent_at[0] < 60.0  # noqa: PLR2004
        return not (busy or spent or now < self._rests_until)

    def _post(self, body: bytes) -> None:
        headers = {
            "Content-Type": "application/x-sentry-envelope",
            "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_client=wingman/1.0, "
            f"sentry_key={self._key}",
        }
        asked, reason = 0.0, ""
        try:
            answer = _client().post(self._url, content=body, headers=headers)
            if not answer.is_success:
                asked, reason = retry_after(answer) or 0.0, str(answer.status_code)
        except Exception as error:  # noqa: BLE001 - Python would print it, with its text
            reason = type(error).__name__
        if reason:
            self._rests_until = time.monotonic() + max(REST_SECONDS, min(asked, 3600.0))
            logger().warning("errors.not_reported", extra={"reason": reason})


def send(error: BaseException) -> None:
    """Report an error. Raises nothing: the invocation has failed with another one."""
    try:
        _reporter().send(error)
    except Exception as own:  # noqa: BLE001 - whatever is wrong here must not replace the error
        logger().error("errors.not_reported", extra={"reason": type(own).__name__})


def address(dsn: str) -> tuple[str, str]:
    """Return the URL that takes envelopes, and the public key of a DSN."""
    parts = urlsplit(dsn)
    path, _, project = parts.path.rpartition("/")
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{path}/api/{project}/envelope/", parts.username or ""


def envelope(found: dict[str, object], event_id: str) -> bytes:
    body = json.dumps(found).encode()
    item = {"type": "event", "content_type": "application/json", "length": len(body)}
    header = {"event_id": event_id, "sent_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    return b"\n".join([json.dumps(header).encode(), json.dumps(item).encode(), body, b""])


def _circumstances() -> Circumstances:
    found, app, around = served(), load(AppSettings), trace()
    return Circumstances(
        function=os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""),
        route=found.name if found else "",
        request_id=found.request_id if found else "",
        caused_by=found.caused_by if found else (),
        trace_root=around.root if around else "",
        environment=str(app.environment),
        version=app.version,
    )


@cache
def _reporter() -> Reporter:
    return Reporter(load(ReportingSettings).sentry_dsn)


@cache
def _client() -> httpx.Client:
    return http_client("sentry", timeout=TIMEOUT_SECONDS, judge=lambda _: None)
