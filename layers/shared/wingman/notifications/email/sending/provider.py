"""The email provider, Resend: its SDK's answers and errors become a `Reply`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from wingman.kit.clients.circuits import breaker
from wingman.kit.clients.transport import http_client, never_sent, reach
from wingman.kit.clock import time_left
from wingman.kit.resilience.breaker import PROBE_SECONDS, BreakerOpen
from wingman.kit.settings import load
from wingman.notifications.email.dependencies import EMAIL_PROVIDER
from wingman.notifications.email.redaction import redact
from wingman.notifications.email.sending.rules import Reply
from wingman.notifications.email.settings import ResendSettings

if TYPE_CHECKING:
    import resend
    from resend.exceptions import ResendError
    from resend.http_client import HTTPClient

TIMEOUT_SECONDS = 10.0
# Reserved after the request, so that its outcome can still be recorded.
_RECORDING_SECONDS = 2.0


@dataclass(frozen=True)
class OutgoingEmail:
    email_id: UUID
    template: str
    sender: str
    recipient: str
    subject: str
    html: str
    text: str
    unsubscribe_url: str | None


@dataclass(frozen=True)
class BatchReply:
    """The answer to a batch; if ACCEPTED, each position is in `rejections` or was accepted."""

    reply: Reply
    message_ids: Mapping[int, str] = field(default_factory=dict)
    rejections: Mapping[int, str] = field(default_factory=dict)
    retry_after: timedelta | None = None
    error: str | None = None
    limit: int | None = None
    """Requests per second, if the answer states them."""


class EmailProvider(Protocol):
    def send_batch(self, messages: Sequence[OutgoingEmail], idempotency_key: str) -> BatchReply:
        """Send up to 100 emails; repeating the same key and emails sends nothing."""


class ResendProvider(EmailProvider):
    """Resend's batch endpoint, in permissive mode: one invalid email fails alone."""

    def send_batch(self, messages: Sequence[OutgoingEmail], idempotency_key: str) -> BatchReply:
        try:
            return breaker(EMAIL_PROVIDER).call(
                lambda: self._send(messages, idempotency_key),
                probe=_look,
                failed=lambda reply: reply.reply in _FAILURES,
            )
        except BreakerOpen as error:
            wait = timedelta(seconds=int(error.headers["Retry-After"]))
            return BatchReply(Reply.LEFT_ALONE, retry_after=wait, error="breaker open")

    def _send(self, messages: Sequence[OutgoingEmail], idempotency_key: str) -> BatchReply:
        import resend  # noqa: PLC0415 - see provider()
        from resend.exceptions import NoContentError, ResendError  # noqa: PLC0415

        try:
            answer = resend.Batch.send(
                [_params(message) for message in messages],
                {"idempotency_key": idempotency_key, "batch_validation": "permissive"},
            )
        except NoContentError:
            return BatchReply(Reply.UNKNOWN, error="no_content")
        except ResendError as error:
            return translate(error)
        return accepted(answer, len(messages))


def _look() -> None:
    reach(load(ResendSettings).resend_api_url, EMAIL_PROVIDER.name, seconds=PROBE_SECONDS)


@cache
def provider() -> EmailProvider:
    """Import the SDK here: it adds 80 ms to a cold start, and most schedules send nothing."""
    import resend  # noqa: PLC0415

    settings = load(ResendSettings)
    resend.api_key = settings.resend_api_key.get_secret_value()
    resend.api_url = str(settings.resend_api_url)
    resend.default_http_client = _http_client()
    return ResendProvider()


def _http_client() -> "HTTPClient":
    from resend.http_client import HTTPClient  # noqa: PLC0415

    class KeptAliveClient(HTTPClient):
        """The SDK's transport; the SDK wraps its errors and keeps them as `__context__`."""

        def __init__(self) -> None:
            self.connection = http_client(
                EMAIL_PROVIDER.name, timeout=TIMEOUT_SECONDS, connect_timeout=3.0
            )

        def request(
            self,
            method: str,
            url: str,
            headers: Mapping[str, str],
            json: dict[str, object] | list[object] | None = None,
            files: dict[str, Any] | None = None,
            data: dict[str, str] | None = None,
        ) -> tuple[bytes, int, Mapping[str, str]]:
            seconds = max(0.1, min(TIMEOUT_SECONDS, time_left() - _RECORDING_SECONDS))
            answer = self.connection.request(
                method, url, headers=headers, json=json, files=files, data=data, timeout=seconds
            )
            return answer.content, answer.status_code, answer.headers

    return KeptAliveClient()


def _params(message: OutgoingEmail) -> "resend.Emails.SendParams":
    # RFC 8058: one click unsubscribes; it needs both fields.
    unsubscribe = {
        "List-Unsubscribe": f"<{message.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return {
        "from": message.sender,
        "to": [message.recipient],
        "subject": message.subject,
        "html": message.html,
        "text": message.text,
        # RFC 3834: no out-of-office answers. The reference keeps Gmail from grouping emails.
        "headers": {
            "Auto-Submitted": "auto-generated",
            **(unsubscribe if message.unsubscribe_url else {}),
            "X-Entity-Ref-ID": str(message.email_id),
        },
        "tags": [
            {"name": "email_id", "value": str(message.email_id)},
            {"name": "template", "value": message.template},
        ],
    }


def accepted(answer: Mapping[str, Any], count: int) -> BatchReply:
    """Map a permissive answer to positions: `data` lists the ids of the accepted ones in order."""
    rejections = {
        int(line["index"]): redact(str(line.get("message", "rejected")))
        for line in answer.get("errors") or []
    }
    positions = [position for position in range(count) if position not in rejections]
    ids = [str(line["id"]) for line in answer.get("data") or []]
    # Without one id per email they cannot be assigned; the webhook reports them later.
    message_ids = dict(zip(positions, ids, strict=True)) if len(ids) == len(positions) else {}
    limit = _limit(answer.get("http_headers") or {})
    return BatchReply(Reply.ACCEPTED, message_ids, rejections, limit=limit)


# https://resend.com/docs/api-reference/errors: by name first, then by status.
_BY_NAME = {
    "rate_limit_exceeded": Reply.RATE_LIMITED,
    "daily_quota_exceeded": Reply.QUOTA_EXHAUSTED,
    "monthly_quota_exceeded": Reply.QUOTA_EXHAUSTED,
    "concurrent_idempotent_requests": Reply.IN_PROGRESS,
    "invalid_idempotent_request": Reply.KEY_CONFLICT,
}
_BY_STATUS = {
    400: Reply.REJECTED,
    401: Reply.REFUSED,
    403: Reply.REFUSED,
    404: Reply.REFUSED,
    405: Reply.REFUSED,
    409: Reply.IN_PROGRESS,
    413: Reply.REJECTED,
    422: Reply.REJECTED,
    429: Reply.RATE_LIMITED,
}
# The breaker counts only these. A refusal, a rate limit or a conflict is an answer.
_FAILURES = {Reply.UNKNOWN, Reply.UNREACHABLE}


def translate(error: "ResendError") -> BatchReply:
    """Read an error of the SDK. Anything uncertain is `Reply.UNKNOWN`."""
    if never_sent(error.__context__):
        return BatchReply(Reply.UNREACHABLE, error=type(error.__context__).__name__)
    reply = _BY_NAME.get(error.error_type) or _BY_STATUS.get(_status(error), Reply.UNKNOWN)
    detail = f"{error.error_type}: {redact(str(error.message))}"
    headers = error.headers
    return BatchReply(reply, retry_after=_retry_after(headers), error=detail, limit=_limit(headers))


def _status(error: "ResendError") -> int:
    code = str(error.code)
    return int(code) if code.isdecimal() else 0


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    seconds = _header(headers, "retry-after")
    return timedelta(seconds=int(seconds)) if seconds.isdecimal() else None


def _limit(headers: Mapping[str, str]) -> int | None:
    """Read the requests per second; the window is one second in every plan of the provider."""
    value = _header(headers, "ratelimit-limit").partition(",")[0].partition(";")[0].strip()
    return int(value) if value.isdecimal() and int(value) > 0 else None


def _header(headers: Mapping[str, str], wanted: str) -> str:
    return next((value for name, value in headers.items() if name.lower() == wanted), "")
