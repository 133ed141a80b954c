"""The shapes of mail: what is recorded, what is claimed, what became of it."""

from datetime import datetime, time
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from wingman.emails.errors import RenderError

# What users wrote. It is cleaned where it is rendered; the database holds its length.
Line = Annotated[str, StringConstraints(strip_whitespace=True)]

MAX_BATCH = 100
"""Mails per request to the provider, and ids per queue message."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Priority(StrEnum):
    """The lane of a mail."""

    URGENT = "urgent"
    BULK = "bulk"


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


class Category(StrEnum):
    """The kinds of mail that a reader can turn off."""

    MATCH_NOTIFICATIONS = "match_notifications"
    SESSION_REMINDERS = "session_reminders"
    FEEDBACK_REQUESTS = "feedback_requests"
    MARKETING_EMAILS = "marketing_emails"


class EmailRef(_Frozen):
    """A recorded mail, by the only things its handing-out needs."""

    id: UUID
    priority: Priority


class EmailIds(_Frozen):
    """The body of a queue message."""

    email_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class _Content(_Frozen):
    category: ClassVar[Category] = Category.MATCH_NOTIFICATIONS
    can_wait: ClassVar[bool] = False


class _AboutMatch(_Content):
    match_id: UUID

    @property
    def path(self) -> str:
        """Where the mail's button leads in the app."""
        return f"/matches/{self.match_id}"


class _AboutSession(_Content):
    session_id: UUID
    partner_name: Line
    venue_name: Line
    scheduled_time: AwareDatetime

    @property
    def path(self) -> str:
        """Where the mail's button leads in the app."""
        return f"/sessions/{self.session_id}"


class MatchInvitation(_AboutMatch):
    """Someone would like to meet the reader; open until `expires_at`."""

    template: Literal[Template.MATCH_INVITATION]
    inviter_name: Line
    venue_suggestion: Line | None = None
    note: str | None = None
    expires_at: AwareDatetime


class MatchAccepted(_AboutMatch):
    """Both sides hear that it is on; `role` is the reader's."""

    template: Literal[Template.MATCH_ACCEPTED]
    partner_name: Line
    venue_suggestion: Line | None = None
    role: Literal["inviter", "invitee"]


class MatchDeclined(_AboutMatch):
    """The inviter hears that it will not be this time."""

    template: Literal[Template.MATCH_DECLINED]
    partner_name: Line


class SessionScheduled(_AboutSession):
    """Both hear when and where they meet, each with their own challenge."""

    template: Literal[Template.SESSION_SCHEDULED]
    challenge_title: Line | None = None
    challenge_description: Line | None = None


class SessionRescheduled(_AboutSession):
    """Both hear of another time or place; `previous_time` is there when the time changed."""

    template: Literal[Template.SESSION_RESCHEDULED]
    previous_time: AwareDatetime | None = None
    challenge_title: Line | None = None
    challenge_description: Line | None = None


class SessionCancelled(_AboutSession):
    """The other one hears that `partner_name` cancelled, and why if they said so."""

    template: Literal[Template.SESSION_CANCELLED]
    reason: str | None = None


class SessionReminder(_AboutSession):
    """A meeting is near: 24 or 2 hours away when all runs on time."""

    category = Category.SESSION_REMINDERS
    template: Literal[Template.SESSION_REMINDER_24H, Template.SESSION_REMINDER_2H]
    challenge_title: Line | None = None


class SessionFeedback(_AboutSession):
    """They have met, and are asked how it was."""

    category = Category.FEEDBACK_REQUESTS
    can_wait = True
    template: Literal[Template.SESSION_FEEDBACK]


Content = (
    MatchInvitation
    | MatchAccepted
    | MatchDeclined
    | SessionScheduled
    | SessionRescheduled
    | SessionCancelled
    | SessionReminder
    | SessionFeedback
)
"""What a mail says, by its template."""


class ClaimedEmail(_Frozen):
    """A mail that this worker holds under a lease, with the recipient's facts of this moment.

    `send_group` is set when an earlier attempt may already have reached the provider.
    `handed_over` is when the recipient's mails of two days went to the provider, for bulk mail.
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
    due_at: AwareDatetime | None = None
    last_error: str | None = None
    handed_over: tuple[AwareDatetime, ...] = ()
    recipient_first_name: str | None = None
    timezone: str | None = None
    match_notifications: bool | None = None
    session_reminders: bool | None = None
    feedback_requests: bool | None = None
    marketing_emails: bool | None = None
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


class EmailResult(_Frozen):
    """One line of `complete_emails`.

    `keep_group` keeps the send group, so that the next attempt is the same request under the
    same key; `counts` is false where only waiting happened.
    """

    id: UUID
    outcome: Outcome
    resend_message_id: str | None = None
    subject: str | None = None
    error: str | None = None
    retry_at: datetime | None = None
    keep_group: bool | None = None
    counts: bool | None = None


def content_of(email: ClaimedEmail) -> Content:
    """Read what a mail says. Raises RenderError, naming fields but never their values."""
    try:
        return _contents().validate_python(
            {**email.template_data, "template": email.email_template}
        )
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        places = sorted({".".join(map(str, problem["loc"])) for problem in problems})
        name = f"{email.email_template} {' '.join(places)}".strip()
        raise RenderError(f"the data does not fit the template: {name}") from None


@cache
def _contents() -> TypeAdapter[Content]:
    return TypeAdapter(Annotated[Content, Field(discriminator="template")])
