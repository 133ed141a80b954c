"""What is known of an email when it is claimed, and what became of it."""

from datetime import datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime

from wingman.notifications.models import Frozen, Priority


class Template(StrEnum):
    """The mails there are; each is a pair of files in templates/."""

    MATCH_INVITATION = "match_invitation"
    MATCH_ACCEPTED = "match_accepted"
    MATCH_DECLINED = "match_declined"
    SESSION_SCHEDULED = "session_scheduled"
    SESSION_RESCHEDULED = "session_rescheduled"
    SESSION_CANCELLED = "session_cancelled"
    SESSION_REMINDER_24H = "session_reminder_24h"
    SESSION_REMINDER_2H = "session_reminder_2h"
    SESSION_FEEDBACK = "session_feedback"
    WEEKLY_DIGEST = "weekly_digest"


class Category(StrEnum):
    """The kinds of mail that a reader can turn off."""

    MATCH_NOTIFICATIONS = "match_notifications"
    SESSION_REMINDERS = "session_reminders"
    FEEDBACK_REQUESTS = "feedback_requests"
    MARKETING_EMAILS = "marketing_emails"


class ClaimedEmail(Frozen):
    """A mail that this worker holds under a lease, with the recipient's facts of this moment.

    `send_group` is set when an earlier attempt may already have reached the provider; then
    `recipient_email` is where that went, else the address of this moment.
    `due_at` is when it became due, whatever was tried since.
    `handed_over` is when the recipient's mails of two days went to the provider, for bulk mail.
    `session_status` and `session_sequence` (its revision) tell how the session that the mail is
    about stands now.
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
    session_status: str | None = None
    session_sequence: int | None = None
    recipient_first_name: str | None = None
    timezone: str | None = None
    match_notifications: bool
    session_reminders: bool
    feedback_requests: bool
    marketing_emails: bool
    quiet_hours_start: time | None = None
    quiet_hours_end: time | None = None
    suppressed: bool = False


class Outcome(StrEnum):
    """What becomes of a mail after an attempt."""

    SENT = "sent"
    FAILED = "failed"
    RETRY = "retry"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    SUPPRESSED = "suppressed"


class EmailResult(Frozen):
    """One line of `complete_emails`.

    `keep_group` keeps the send group, so that the next attempt is the same request under the
    same key; `counts` is false where only waiting happened; `postponed` where the mail is due later
    by our own decision, so that until then nobody waits for it.
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
