"""A claimed email, and the result of an attempt to send it."""

from datetime import datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime

from wingman.notifications.models import Frozen, Priority


class Category(StrEnum):
    """Emails that a reader can turn off separately. The database has the same list."""

    MATCH_NOTIFICATIONS = "match_notifications"
    SESSION_REMINDERS = "session_reminders"
    FEEDBACK_REQUESTS = "feedback_requests"
    MESSAGES = "messages"
    MARKETING_EMAILS = "marketing_emails"


class Frequency(StrEnum):
    """How often a reader gets emails that can wait."""

    IMMEDIATE = "immediate"
    DAILY = "daily"


class ClaimedEmail(Frozen):
    """An email that this worker holds under a lease, with current facts about its reader.

    `send_group` is set when an earlier attempt may already have reached the provider. Then
    `recipient_email` is the address of that attempt, else the reader's current one.
    `due_at` is when it first became due, before any retry.
    `handed_over`, for bulk emails: when the reader's emails of two days went to the provider.
    `wanted`: the reader wants emails of its `category`. `holds`: its content is still true.
    `request_id`: the request or schedule that recorded it.
    `can_wait`: it keeps to quiet hours and the daily cap. `category` is None for an email about the
    account itself, which goes to the address that Supabase Auth named.
    """

    id: UUID
    user_id: UUID
    lease_token: UUID
    send_group: UUID | None = None
    group_position: int | None = None
    email_template: str
    recipient_email: str
    priority: Priority = Priority.URGENT
    template_data: dict[str, Any]
    retry_count: int = 0
    created_at: AwareDatetime
    due_at: AwareDatetime | None = None
    last_error: str | None = None
    handed_over: tuple[AwareDatetime, ...] = ()
    recipient_first_name: str | None = None
    email_frequency: Frequency = Frequency.IMMEDIATE
    timezone: str | None = None
    category: Category | None
    wanted: bool
    can_wait: bool
    holds: bool
    quiet_hours_start: time | None = None
    quiet_hours_end: time | None = None
    suppressed: bool = False
    request_id: str | None = None


class Outcome(StrEnum):
    SENT = "sent"
    FAILED = "failed"
    RETRY = "retry"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    SUPPRESSED = "suppressed"


class EmailResult(Frozen):
    """One line of `complete_emails`.

    `keep_group` keeps the send group, so that the next attempt is the same request under the same
    key. `counts` is false if the email only waited. `postponed` is true if our own rules made it
    due later, so that the delay is not measured as waiting.
    """

    id: UUID
    outcome: Outcome
    resend_message_id: str | None = None
    subject: str | None = None
    error: str | None = None
    retry_at: datetime | None = None
    keep_group: bool | None = None
    counts: bool | None = None
    postponed: bool | None = None
