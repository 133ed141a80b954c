"""The shapes of mail: what is recorded, what is claimed, what became of it."""

from datetime import datetime, time
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal
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


class EmailRef(_Frozen):
    """A recorded mail, by the only things its handing-out needs."""

    id: UUID
    priority: Priority


class EmailIds(_Frozen):
    """The body of a queue message."""

    email_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class MatchInvitation(_Frozen):
    """Someone would like to meet the reader; open until `expires_at`."""

    template: Literal[Template.MATCH_INVITATION]
    match_id: UUID
    inviter_name: Line
    venue_suggestion: Line | None = None
    note: str | None = None
    expires_at: AwareDatetime


class MatchAccepted(_Frozen):
    """Both sides hear that it is on; `role` is the reader's."""

    template: Literal[Template.MATCH_ACCEPTED]
    match_id: UUID
    partner_name: Line
    venue_suggestion: Line | None = None
    role: Literal["inviter", "invitee"]


class MatchDeclined(_Frozen):
    """The inviter hears that it will not be this time."""

    template: Literal[Template.MATCH_DECLINED]
    match_id: UUID
    partner_name: Line


Content = MatchInvitation | MatchAccepted | MatchDeclined
"""What a mail says, by its template."""


class ClaimedEmail(_Frozen):
    """A mail that this worker holds under a lease, with the recipient's facts of this moment.

    `send_group` is set when an earlier attempt may already have reached the provider.
    """

    id: UUID
    lease_token: UUID
    send_group: UUID | None = None
    group_position: int | None = None
    email_template: str
    recipient_email: str
    template_data: dict[str, Any]
    retry_count: int = 0
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
