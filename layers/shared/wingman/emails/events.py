"""What the provider tells of mails after it took them: delivered, bounced, complained.

https://resend.com/docs/dashboard/webhooks/event-types. Events come at least once and in any order;
the database keeps their ids and lets a status move forward only.
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parseaddr
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
)

from wingman.emails import reader_repository as repository
from wingman.emails.provider import redact
from wingman.kit.database import Database
from wingman.kit.observability import logger, measure

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
_METRICS = {
    "email.delivered": "EmailDelivered",
    "email.bounced": "EmailBounced",
    "email.complained": "EmailComplained",
}


def _time(text: object) -> datetime | None:
    """Read "2026-11-22 23:41:11.89+00" as well as ISO 8601; a bad time spoils no complaint."""
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


class _Detail(BaseModel):
    type: str | None = None
    message: str | None = None
    reason: str | None = None


class _Data(BaseModel):
    email_id: str | None = None
    created_at: Annotated[AwareDatetime | None, BeforeValidator(_time)] = None
    to: list[str] = Field(default_factory=list)
    tags: dict[str, str] = Field(default_factory=dict)
    bounce: _Detail | None = None
    failed: _Detail | None = None
    suppressed: _Detail | None = None

    @field_validator("tags", mode="before")
    @classmethod
    def _by_name(cls, tags: Any) -> Any:
        """Events carry tags as an object, the API's answers as a list of pairs."""
        return {tag["name"]: tag["value"] for tag in tags} if isinstance(tags, list) else tags


class _Event(BaseModel):
    type: str
    data: _Data

    @property
    def email_id(self) -> UUID | None:
        """Our id of the mail, which we tagged it with."""
        try:
            return UUID(self.data.tags.get("email_id", ""))
        except ValueError:
            return None

    @property
    def error(self) -> str | None:
        """Why it went wrong, in the provider's words without addresses."""
        detail = self.data.bounce or self.data.failed or self.data.suppressed
        words = [detail.type, detail.message or detail.reason] if detail else []
        return redact(": ".join(filter(None, words))) or None

    @property
    def addresses_to_suppress(self) -> list[str]:
        """Where nothing more should be sent. A full mailbox passes by itself, a wrong name not."""
        bounce = self.data.bounce
        if bounce is not None and bounce.type == _PASSES_BY_ITSELF:
            return []
        return [address for _, address in map(parseaddr, self.data.to) if address]


def record(database: Database, event_id: str, payload: Mapping[str, Any]) -> str:
    """Record one signed event: `recorded`, `repeated`, `nothing_new` or `ignored`."""
    told = _record(database, event_id, payload)
    kind = str(payload.get("type"))
    logger().info("emails.event", extra={"type": kind[:50], "outcome": told})
    if told == "recorded" and kind in _METRICS:
        measure(_METRICS[kind], [1], "Count")
    return told


def _record(database: Database, event_id: str, payload: Mapping[str, Any]) -> str:
    status = _STATUSES.get(str(payload.get("type")))
    if status is None:
        return "ignored"
    try:
        event = _Event.model_validate(payload)
    except ValidationError:
        # It is the provider's, and sending it again would not make it better.
        logger().error("emails.event_malformed", extra={"event_id": event_id})
        return "ignored"
    ends = status in _ENDS_MAIL_TO_ADDRESS
    return repository.record_event(
        database,
        event_id=event_id,
        status=status,
        email_id=event.email_id,
        message_id=event.data.email_id,
        accepted_at=event.data.created_at,
        error=event.error,
        suppressed_addresses=event.addresses_to_suppress if ends else [],
    )
