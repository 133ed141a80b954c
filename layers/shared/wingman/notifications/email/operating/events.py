"""What the provider tells of mails after it took them: delivered, bounced, complained.

https://resend.com/docs/dashboard/webhooks/event-types. Events come at least once and in any order;
the database keeps their ids and lets a status move forward only.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import getaddresses
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from wingman.kit.clients.database import Database
from wingman.kit.observability import logger, measure
from wingman.notifications.email.operating import repository
from wingman.notifications.email.redaction import redact

# What leads to a status; `opened`, `clicked`, `delivery_delayed` and the like say nothing new.
_STATUSES = {
    "email.sent": "sent",
    "email.delivered": "delivered",
    "email.bounced": "bounced",
    "email.complained": "complained",
    "email.failed": "failed",
    "email.suppressed": "suppressed",
}
_ENDS_MAIL_TO_ADDRESS = {"bounced", "complained", "suppressed"}
_PASSES_BY_ITSELF = "Transient"
_LONGEST_ID = 255
# Far more than a name and an address need, and than we ever send one mail to.
_LONGEST_RECIPIENT = 1000
_MOST_RECIPIENTS = 100
# Whatever we send to; quoted local parts and comments are not among it (delivery.py). It begins
# where a word does: tried from each letter, a long word without an @ would cost its square.
_ADDRESS = re.compile(r"(?<![^\s<>()\",;:])[^\s<>()\",;:]+@[^\s<>()\",;:]+")
_METRICS = {
    "email.delivered": "EmailDelivered",
    "email.bounced": "EmailBounced",
    "email.complained": "EmailComplained",
}


def _text(value: object) -> str | None:
    """Take what Postgres can store: no NUL, and no half of a character."""
    if not isinstance(value, str):
        return None
    return value.replace("\0", "").encode(errors="ignore").decode()


def _mail_id(tags: object) -> UUID | None:
    """Read our id of the mail: an event has tags as an object, the API's answers as pairs."""
    pairs: Iterable[tuple[object, object]] = ()
    if isinstance(tags, dict):
        pairs = tags.items()
    elif isinstance(tags, list):
        pairs = [(tag.get("name"), tag.get("value")) for tag in tags if isinstance(tag, dict)]
    told = [value for name, value in pairs if name == "email_id"]
    try:
        return UUID(str(told[-1])) if told else None
    except ValueError:
        return None


def _time(value: object) -> datetime | None:
    """Read "2026-11-22 23:41:11.89+00" as well as ISO 8601, if it says which zone."""
    try:
        time = datetime.fromisoformat(str(value))
        return time.astimezone(UTC) if time.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _addresses(value: object) -> list[str]:
    """Read one or several recipients, with or without names."""
    told = value[:_MOST_RECIPIENTS] if isinstance(value, list) else [value]
    found: list[str] = []
    for text in filter(None, map(_text, told)):
        # An endless one is not cut: half of an address would be somebody else's.
        if len(text) <= _LONGEST_RECIPIENT:
            found += _parsed(text) or _ADDRESS.findall(text)
    return found


def _parsed(text: str) -> list[str]:
    try:
        return [address for _, address in getaddresses([text]) if _ADDRESS.fullmatch(address)]
    except RecursionError:  # comments in comments
        return []


def _object(value: object) -> object:
    return value if isinstance(value, dict) else {}


_Text = Annotated[str | None, BeforeValidator(_text)]


class _Detail(BaseModel):
    type: _Text = None
    message: _Text = None
    reason: _Text = None


_Kept = Annotated[_Detail, BeforeValidator(_object)]


class _Data(BaseModel):
    """No field is required and none has to be right: what is odd says nothing, the rest holds."""

    email_id: _Text = None
    created_at: Annotated[datetime | None, BeforeValidator(_time)] = None
    to: Annotated[list[str], BeforeValidator(_addresses)] = Field(default_factory=list)
    mail_id: Annotated[UUID | None, BeforeValidator(_mail_id)] = Field(None, alias="tags")
    bounce: _Kept = _Detail()
    failed: _Kept = _Detail()
    suppressed: _Kept = _Detail()


class _Event(BaseModel):
    type: str
    data: _Data

    @property
    def status(self) -> str:
        """The status to which it leads."""
        return _STATUSES[self.type]

    @property
    def message_id(self) -> str | None:
        """The provider's id of the mail; an index holds it, so an endless one is none."""
        told = self.data.email_id
        return told if told and len(told) <= _LONGEST_ID else None

    @property
    def error(self) -> str | None:
        """Why it went wrong, in the provider's words without addresses."""
        details = (self.data.bounce, self.data.failed, self.data.suppressed)
        told = [filter(None, (each.type, each.message or each.reason)) for each in details]
        return redact(next(filter(None, map(": ".join, told)), "")) or None

    @property
    def ends_mail_to_address(self) -> bool:
        """Whether nothing more is sent there: a full mailbox passes by itself, a wrong name not."""
        passes = self.status == "bounced" and self.data.bounce.type == _PASSES_BY_ITSELF
        return self.status in _ENDS_MAIL_TO_ADDRESS and not passes


def record(database: Database, event_id: str, payload: Mapping[str, Any]) -> str:
    """Record one signed event.

    `recorded`, `repeated`, `nothing_new`, `ignored`, or `without_address`: nothing more should go
    to its address, and neither the event nor a mail of ours tells which that is.
    """
    told = _record(database, event_id, payload)
    kind = _text(payload.get("type")) or ""
    logger().info("emails.event", extra={"type": kind[:50], "outcome": told})
    if told == "without_address":
        logger().error("emails.event_without_address", extra={"event_id": event_id})
    if told == "recorded" and kind in _METRICS:
        measure(_METRICS[kind], [1], "Count")
    return told


def _record(database: Database, event_id: str, payload: Mapping[str, Any]) -> str:
    if payload.get("type") not in tuple(_STATUSES):
        return "ignored"
    try:
        event = _Event.model_validate(payload)
    except ValidationError:
        # It is the provider's, and sending it again would not make it better.
        logger().error("emails.event_malformed", extra={"event_id": event_id})
        return "ignored"
    ends = event.ends_mail_to_address
    return repository.record_event(
        database,
        event_id=event_id,
        status=event.status,
        email_id=event.data.mail_id,
        message_id=event.message_id,
        accepted_at=event.data.created_at,
        error=event.error,
        suppressed_addresses=event.data.to if ends else [],
        ends_mail=ends,
    )
