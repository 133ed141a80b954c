"""What each mail says, by its template: the facts it is written from."""

from datetime import date
from functools import cache
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, TypeAdapter, ValidationError

from wingman.notifications.email.errors import RenderError
from wingman.notifications.email.models import Category, ClaimedEmail, Template
from wingman.notifications.models import Frozen

# What users wrote. It is cleaned where it is rendered; the database holds its length.
Line = Annotated[str, StringConstraints(strip_whitespace=True)]


class _Content(Frozen):
    category: ClassVar[Category] = Category.MATCH_NOTIFICATIONS
    can_wait: ClassVar[bool] = False

    @property
    def calendar_session_id(self) -> UUID | None:
        """The session whose calendar file the mail links to, if it does."""
        return None


class _AboutMatch(_Content):
    match_id: UUID

    @property
    def path(self) -> str:
        """Where the mail's button leads in the app."""
        return f"/matches/{self.match_id}"


class AboutSession(_Content):
    """A meeting as it was planned at its revision `sequence`; None: nobody noted which."""

    in_calendar: ClassVar[bool] = False
    session_id: UUID
    sequence: int | None = None
    partner_name: Line
    venue_name: Line
    scheduled_time: AwareDatetime

    @property
    def path(self) -> str:
        """Where the mail's button leads in the app."""
        return f"/sessions/{self.session_id}"

    @property
    def calendar_session_id(self) -> UUID | None:
        """The session whose calendar file the mail links to, if it does."""
        return self.session_id if self.in_calendar else None


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


class SessionScheduled(AboutSession):
    """Both hear when and where they meet, each with their own challenge."""

    in_calendar = True
    template: Literal[Template.SESSION_SCHEDULED]
    challenge_title: Line | None = None
    challenge_description: Line | None = None


class SessionRescheduled(AboutSession):
    """Both hear of another time or place; `previous_time` is there when the time changed."""

    in_calendar = True
    template: Literal[Template.SESSION_RESCHEDULED]
    previous_time: AwareDatetime | None = None
    challenge_title: Line | None = None
    challenge_description: Line | None = None


class SessionCancelled(AboutSession):
    """The other one hears that `partner_name` cancelled, and why if they said so."""

    template: Literal[Template.SESSION_CANCELLED]
    reason: str | None = None


class SessionReminder(AboutSession):
    """A meeting is near: 24 or 2 hours away when all runs on time."""

    category = Category.SESSION_REMINDERS
    in_calendar = True
    template: Literal[Template.SESSION_REMINDER_24H, Template.SESSION_REMINDER_2H]
    challenge_title: Line | None = None


class SessionFeedback(AboutSession):
    """They have met, and are asked how it was."""

    category = Category.FEEDBACK_REQUESTS
    can_wait = True
    template: Literal[Template.SESSION_FEEDBACK]


class DigestMeeting(Frozen):
    """A meeting that took place."""

    partner_name: Line
    venue_name: Line
    scheduled_time: AwareDatetime


class DigestInvitation(Frozen):
    """An invitation that waits for the reader's answer."""

    inviter_name: Line
    expires_at: AwareDatetime


class WeeklyDigest(_Content):
    """The reader's own week: whom they met, who waits for an answer, what became of their score.

    `met` and `invitations` name up to five each, the counts are of all.
    """

    category = Category.MARKETING_EMAILS
    can_wait = True
    template: Literal[Template.WEEKLY_DIGEST]
    first_day: date
    last_day: date
    week_ends_at: AwareDatetime
    met_count: int
    met: tuple[DigestMeeting, ...]
    invitation_count: int
    invitations: tuple[DigestInvitation, ...]
    score: int
    score_before: int

    @property
    def path(self) -> str:
        """Where the mail's button leads in the app."""
        return "/matches" if self.invitation_count else "/sessions"


Content = (
    MatchInvitation
    | MatchAccepted
    | MatchDeclined
    | SessionScheduled
    | SessionRescheduled
    | SessionCancelled
    | SessionReminder
    | SessionFeedback
    | WeeklyDigest
)
"""What a mail says, by its template."""


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
