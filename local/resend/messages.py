"""The validation of an email, and an accepted email as it is stored."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from local.resend.errors import (
    InvalidFromAddressError,
    MissingRequiredFieldError,
    ResendError,
    ValidationError,
)

MAX_RECIPIENTS = 50
MAX_BATCH = 100
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
_NAMED = re.compile(r"[^<>]*<([^<>]+)>")
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_FORMAT = (
    "The email address needs to follow the `email@example.com` or "
    "`Name <email@example.com>` format."
)

Body = Mapping[str, Any]


@dataclass
class Email:
    sender: str
    to: list[str]
    cc: list[str]
    bcc: list[str]
    reply_to: list[str]
    subject: str
    html: str | None
    text: str | None
    headers: dict[str, str]
    tags: list[dict[str, str]]
    idempotency_key: str | None
    id: str = field(default_factory=lambda: str(uuid4()))
    accepted_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    last_event: str = "sent"

    def as_json(self) -> dict[str, Any]:
        listed = dict(vars(self))
        listed["from"] = listed.pop("sender")
        return listed


def accepted(body: Body, idempotency_key: str | None) -> Email:
    return Email(
        sender=body["from"],
        to=_listed(body["to"]),
        cc=_listed(body.get("cc")),
        bcc=_listed(body.get("bcc")),
        reply_to=_listed(body.get("reply_to")),
        subject=body["subject"],
        html=body.get("html"),
        text=body.get("text"),
        headers=dict(body.get("headers") or {}),
        tags=list(body.get("tags") or []),
        idempotency_key=idempotency_key,
    )


def validate(body: object, *, batch: bool = False) -> None:
    for problem in _problems(body, batch=batch):
        raise problem


def _problems(body: object, *, batch: bool) -> Iterator[ResendError]:
    if not isinstance(body, dict):
        yield ValidationError("The request body must be a JSON object.")
        return
    yield from _missing(body)
    if not _is_address(body["from"]):
        yield InvalidFromAddressError(f"Invalid `from` field. {_FORMAT}")
    yield from _bad_recipients(body)
    yield from _bad_extras(body)
    if batch and (body.get("attachments") or body.get("scheduled_at")):
        yield ValidationError("`attachments` and `scheduled_at` are not supported in a batch.")


def _missing(body: Body) -> Iterator[ResendError]:
    for name in ("from", "to", "subject"):
        if not body.get(name):
            yield MissingRequiredFieldError(f"Missing `{name}` field.")
    if not any(body.get(name) for name in ("html", "text")):
        yield MissingRequiredFieldError("Missing `html` or `text` field.")


def _bad_recipients(body: Body) -> Iterator[ResendError]:
    for name in ("to", "cc", "bcc", "reply_to"):
        if not all(_is_address(address) for address in _listed(body.get(name))):
            yield ValidationError(f"Invalid `{name}` field. {_FORMAT}")
    if len(_listed(body["to"])) > MAX_RECIPIENTS:
        yield ValidationError(f"Invalid `to` field. At most {MAX_RECIPIENTS} recipients.")


def _bad_extras(body: Body) -> Iterator[ResendError]:
    for name in ("subject", "html", "text"):
        if not isinstance(body.get(name) or "", str):
            yield ValidationError(f"The `{name}` field must be a `string`.")
    headers = body.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(v, str) for v in headers.values()):
        yield ValidationError("The `headers` field must be an object of strings.")
    tags = body.get("tags") or []
    if not isinstance(tags, list) or not all(_is_tag(tag) for tag in tags):
        yield ValidationError(
            "Tags should only contain ASCII letters, numbers, underscores, or dashes."
        )


def _is_tag(tag: object) -> bool:
    return isinstance(tag, dict) and all(
        isinstance(tag.get(part), str) and _TAG.fullmatch(tag[part]) for part in ("name", "value")
    )


def _is_address(value: object) -> bool:
    if not isinstance(value, str):
        return False
    named = _NAMED.fullmatch(value.strip())
    return _ADDRESS.fullmatch((named[1] if named else value).strip()) is not None


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
