"""The status, export and erasure of a reader's emails."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel

from wingman.kit.clients.database import Database
from wingman.kit.clock import page_by_page, utc_now
from wingman.kit.observability import logger
from wingman.kit.paging import Page
from wingman.notifications.email.readers import repository
from wingman.notifications.email.readers.preferences import EmailPreferences

if TYPE_CHECKING:
    # These import the Redis client.
    from wingman.kit.presence.activity import Activity
    from wingman.kit.presence.logins import Logins

EXPORTED_AT_ONCE = 1000
PRUNED_AT_ONCE = 1000
_SECONDS_PER_PAGE = 8.0


class DeliveryStatus(StrEnum):
    """The delivery status of an email."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class EmailStatus(BaseModel):
    """One email; `error` is the reason why it waits, was skipped or failed."""

    id: UUID
    template: str
    subject: str | None
    status: DeliveryStatus
    due_at: datetime
    sent_at: datetime | None
    retry_count: int
    error: str | None
    created_at: datetime


class EmailStatusPage(BaseModel):
    """A page of a reader's emails, newest first, and the number of emails by status."""

    emails: list[EmailStatus]
    totals: dict[DeliveryStatus, int]
    next_cursor: str | None


class ExportedEmail(EmailStatus):
    """One email with its address and the facts from which it is rendered."""

    recipient: str
    opened_at: datetime | None
    data: dict[str, Any]


class Suppression(BaseModel):
    """The reason why nothing more is sent to an address."""

    reason: str
    created_at: datetime


class LearnedActivity(BaseModel):
    """The times at which a reader is active; bulk emails are timed by them.

    `hours` counts the days with a request in each hour of the day (UTC); older days count less.
    """

    last_active: datetime | None
    hours: list[int]


class ExportedFeedback(BaseModel):
    """The reader's feedback on one session."""

    session_id: UUID
    rating: int | None
    text: str | None
    created_at: datetime


class EmailExport(BaseModel):
    """All data stored about a reader's emails; `next_cursor` leads to older emails, if any.

    `activity` is null while it cannot be read; request it again after a minute.
    """

    user_id: UUID
    exported_at: datetime
    address: str | None
    preferences: EmailPreferences
    suppression: Suppression | None
    activity: LearnedActivity | None
    feedback: list[ExportedFeedback]
    emails: list[ExportedEmail]
    next_cursor: str | None


def status(database: Database, only: DeliveryStatus | None, page: Page) -> EmailStatusPage:
    found = repository.status(database, only, page)
    emails, cursor = page.cut([EmailStatus.model_validate(email) for email in found["emails"]])
    return EmailStatusPage(emails=emails, totals=found["totals"], next_cursor=cursor)


def export(
    database: Database, seen: "Activity", logins: "Logins", user_id: UUID, page: Page
) -> EmailExport:
    """Return all data stored about the caller's emails; a page has up to EXPORTED_AT_ONCE."""
    found = repository.export(database, page)
    emails, cursor = page.cut([ExportedEmail.model_validate(email) for email in found["emails"]])
    logger().info("emails.exported", extra={"count": len(emails)})
    facts = found | {"emails": emails, "exported_at": utc_now(), "next_cursor": cursor}
    learned = _learned(seen, logins, user_id)
    return EmailExport.model_validate(facts | {"activity": learned})


def erase(database: Database, seen: "Activity", logins: "Logins", user_id: UUID) -> None:
    """Erase the caller's addresses, contents and active hours, and cancel emails not yet sent."""
    logger().info("emails.erased", extra={"count": repository.erase(database)})
    seen.forget(user_id)
    logins.delete(user_id)


def prune(database: Database) -> int:
    """Delete settled emails past their retention; return their number."""
    pruned = page_by_page(
        lambda: repository.prune(database, PRUNED_AT_ONCE),
        PRUNED_AT_ONCE,
        seconds=_SECONDS_PER_PAGE,
    )
    logger().info("emails.pruned", extra={"count": pruned})
    return pruned


def _learned(seen: "Activity", logins: "Logins", user_id: UUID) -> LearnedActivity | None:
    hours = seen.hours_of(user_id)
    if hours is None:
        return None
    login = logins.get(user_id)
    return LearnedActivity(last_active=login.last_active if login else None, hours=list(hours))
