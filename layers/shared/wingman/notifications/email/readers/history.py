"""What a reader may see of their mails, take away, and have erased."""

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
    # They bring Redis's client along.
    from wingman.kit.presence.activity import Activity
    from wingman.kit.presence.logins import Logins

EXPORTED_AT_ONCE = 1000
PRUNED_AT_ONCE = 1000
_SECONDS_PER_PAGE = 8.0


class DeliveryStatus(StrEnum):
    """Where a mail stands."""

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
    """One mail; `error` says why it waits, was skipped or failed."""

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
    """Some of a reader's mails, newest first, and how many there are in each status."""

    emails: list[EmailStatus]
    totals: dict[DeliveryStatus, int]
    next_cursor: str | None


class ExportedEmail(EmailStatus):
    """One mail with its address and the facts it was written from."""

    recipient: str
    data: dict[str, Any]


class Suppression(BaseModel):
    """Why nothing is sent to an address any more."""

    reason: str
    created_at: datetime


class LearnedActivity(BaseModel):
    """When a reader was seen here, which decides when mail that can wait goes.

    `hours` counts the days with a request in each hour of the day (UTC); older ones count less.
    """

    last_active: datetime | None
    hours: list[int]


class EmailExport(BaseModel):
    """All that is stored about a reader's mail; `next_cursor` leads to older mails, if any.

    `activity` is null while it cannot be read: ask again in a minute.
    """

    user_id: UUID
    exported_at: datetime
    address: str | None
    preferences: EmailPreferences
    suppression: Suppression | None
    activity: LearnedActivity | None
    emails: list[ExportedEmail]
    next_cursor: str | None


def status(database: Database, only: DeliveryStatus | None, page: Page) -> EmailStatusPage:
    """Read a page of the caller's mails, newest first."""
    found = repository.status(database, only, page)
    emails, cursor = page.cut([EmailStatus.model_validate(email) for email in found["emails"]])
    return EmailStatusPage(emails=emails, totals=found["totals"], next_cursor=cursor)


def export(
    database: Database, seen: "Activity", logins: "Logins", user_id: UUID, page: Page
) -> EmailExport:
    """Read all that is stored about the caller's mail, up to EXPORTED_AT_ONCE mails of it."""
    found = repository.export(database, page)
    emails, cursor = page.cut([ExportedEmail.model_validate(email) for email in found["emails"]])
    logger().info("emails.exported", extra={"count": len(emails)})
    facts = found | {"emails": emails, "exported_at": utc_now(), "next_cursor": cursor}
    learned = _learned(seen, logins, user_id)
    return EmailExport.model_validate(facts | {"activity": learned})


def erase(database: Database, seen: "Activity", logins: "Logins", user_id: UUID) -> None:
    """Take addresses and contents out of the caller's mails; what is not sent yet never is.

    The hours in which they were seen, which decide when mail goes, are forgotten with them.
    """
    logger().info("emails.erased", extra={"count": repository.erase(database)})
    seen.forget(user_id)
    logins.delete(user_id)


def prune(database: Database) -> int:
    """Delete settled mails that are older than the log is kept, page by page; counts them."""
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
