"""Events that the provider reports about accepted emails: delivered, bounced, complained.

https://resend.com/docs/dashboard/webhooks/event-types. Events arrive at least once, in any order;
the database keeps their ids and moves a status forward only.
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

# Other events, such as `clicked` and `delivery_delayed`, change nothing.
_OPENED = "email.opened"
_STATUSES = {
    "email.sent": "sent",
    "email.delivered": "delivered",
    "email.bounced": "bounced",
    "email.complained": "complained",
    "email.failed": "failed",
    "email.suppressed": "suppressed",
}
_SUPPRESSES_ADDRESS = {"bounced", "complained", "suppressed"}
# A full mailbox, or a server that does not say why.
_MAY_PASS = {"Transient", "Undetermined"}
_ADDED, _REMOVED = "suppression.added", "suppression.removed"
# By the origin of an entry in the provider's list; others were made by hand.
_REASONS = {"bounce": "bounced", "complaint": "complained"}
_LONGEST_ID = 255
# Far above the length of a name and an address, and above the recipients of an email.
_LONGEST_RECIPIENT = 1000
_MOST_RECIPIENTS = 100
# Addresses to which we send; they have no quoted local parts or comments (delivery.py). It matches
# only at the start of a word: trying each letter of a long word takes quadratic time.
_ADDRESS = re.compile(r"(?<![^\s<>()\",;:])[^\s<>()\",;:]+@[^\s<>()\",;:]+")
_METRICS = {
    "email.delivered": "EmailDelivered",
    "email.bounced": "EmailBounced",
    "email.complained": "EmailComplained",
    _OPENED: "EmailOpened",
}


def _text(value: object) -> str | None:
    """Remove characters that Postgres cannot store: NUL and lone surrogates."""
    if not isinstance(value, str):
        return None
    return value.replace("\0", "").encode(errors="ignore").decode()


def _email_id(tags: object) -> UUID | None:
    """Read our id of the email; events have tags as an object, the API's answers as pairs."""
    pairs: Iterable[tuple[object, object]] = ()
    if isinstance(tags, dict):
        pairs = tags.items()
    elif isinstance(tags, list):
        pairs = [(tag.get("name"), tag.get("value")) for tag in tags if isinstance(tag, dict)]
    ids = [value for name, value in pairs if name == "email_id"]
    try:
        return UUID(str(ids[-1])) if ids else None
    except ValueError:
        return None


def _time(value: object) -> datetime | None:
    """Parse "2026-11-22 23:41:11.89+00" or ISO 8601, if it has a UTC offset."""
    try:
        time = datetime.fromisoformat(str(value))
        return time.astimezone(UTC) if time.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _addresses(value: object) -> list[str]:
    """Parse one or several recipients, with or without names."""
    recipients = value[:_MOST_RECIPIENTS] if isinstance(value, list) else [value]
    found: list[str] = []
    for text in filter(None, map(_text, recipients)):
        # Skip a long text instead of cutting it: a cut address could be another person's.
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
_Time = Annotated[datetime | None, BeforeValidator(_time)]


class _Detail(BaseModel):
    type: _Text = None
    message: _Text = None
    reason: _Text = None


_Kept = Annotated[_Detail, BeforeValidator(_object)]


class _Data(BaseModel):
    """Every field is optional; invalid values are dropped, so that the others are used."""

    email_id: _Text = None
    created_at: _Time = None
    to: Annotated[list[str], BeforeValidator(_addresses)] = Field(default_factory=list)
    our_id: Annotated[UUID | None, BeforeValidator(_email_id)] = Field(None, alias="tags")
    bounce: _Kept = _Detail()
    failed: _Kept = _Detail()
    suppressed: _Kept = _Detail()


class _Event(BaseModel):
    type: str
    created_at: _Time = None
    data: _Data

    @property
    def status(self) -> str:
        return _STATUSES[self.type]

    @property
    def message_id(self) -> str | None:
        """The provider's id of the email; it is indexed, so an overlong one is dropped."""
        given = self.data.email_id
        return given if given and len(given) <= _LONGEST_ID else None

    @property
    def error(self) -> str | None:
        """The provider's reason for a failure, without addresses."""
        details = (self.data.bounce, self.data.failed, self.data.suppressed)
        reasons = [filter(None, (each.type, each.message or each.reason)) for each in details]
        return redact(next(filter(None, map(": ".join, reasons)), "")) or None

    @property
    def suppresses_address(self) -> bool:
        """Whether to suppress the address. A bounce that may pass by itself does not."""
        passes = self.status == "bounced" and self.data.bounce.type in _MAY_PASS
        return self.status in _SUPPRESSES_ADDRESS and not passes


class _Listed(BaseModel):
    email: Annotated[list[str], BeforeValidator(_addresses)] = Field(default_factory=list)
    origin: _Text = None


class _ListChange(BaseModel):
    """A change of the provider's own list of addresses to which it sends nothing."""

    type: str
    created_at: _Time = None
    data: _Listed

    @property
    def reason(self) -> str | None:
        """The reason to suppress the address; None if it was taken off the list."""
        added = self.type == _ADDED
        return _REASONS.get(self.data.origin or "", "suppressed") if added else None


def record(
    database: Database, event_id: str, payload: Mapping[str, Any], *, track_opens: bool = False
) -> str:
    """Record one signed event; one of an opened email only with `track_opens`.

    Returns `recorded`, `repeated`, `nothing_new`, `ignored`, or `without_address`: its address
    should be suppressed, but neither the event nor an email of ours names it.
    """
    is_watched = payload.get("type") != _OPENED or track_opens
    outcome = _record(database, event_id, payload) if is_watched else "ignored"
    kind = _text(payload.get("type")) or ""
    logger().info("emails.event", extra={"type": kind[:50], "outcome": outcome})
    if outcome == "without_address":
        logger().error("emails.event_without_address", extra={"event_id": event_id})
    if outcome == "recorded" and kind in _METRICS:
        measure(_METRICS[kind], [1], "Count")
    return outcome


def _record(database: Database, event_id: str, payload: Mapping[str, Any]) -> str:
    try:
        if payload.get("type") in (_ADDED, _REMOVED):
            return _record_list_change(database, event_id, _ListChange.model_validate(payload))
        if payload.get("type") == _OPENED:
            return _record_opened(database, event_id, _Event.model_validate(payload))
        if payload.get("type") in tuple(_STATUSES):
            return _record_event(database, event_id, _Event.model_validate(payload))
    except ValidationError:
        # The provider signed it, so a retry would not help.
        logger().error("emails.event_malformed", extra={"event_id": event_id})
    return "ignored"


def _record_list_change(database: Database, event_id: str, change: _ListChange) -> str:
    return repository.record_suppression(
        database,
        event_id=event_id,
        addresses=change.data.email,
        reason=change.reason,
        happened_at=change.created_at,
    )


def _record_opened(database: Database, event_id: str, event: _Event) -> str:
    return repository.record_opened(
        database,
        event_id=event_id,
        email_id=event.data.our_id,
        message_id=event.message_id,
        opened_at=event.created_at,
    )


def _record_event(database: Database, event_id: str, event: _Event) -> str:
    ends = event.suppresses_address
    return repository.record_event(
        database,
        event_id=event_id,
        status=event.status,
        email_id=event.data.our_id,
        message_id=event.message_id,
        accepted_at=event.data.created_at,
        error=event.error,
        suppressed_addresses=event.data.to if ends else [],
        ends_emails=ends,
        happened_at=event.created_at,
    )
