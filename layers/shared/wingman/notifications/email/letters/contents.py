"""The contents of emails: one class for each kind of notification.

A kind is a row in the database (its category and lane), a class here (its facts, and how long they
are useful) and a template of the same name.
"""

from abc import abstractmethod
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from wingman.notifications.models import Frozen

# Written by users. It is cleaned where it is rendered; the database limits its length.
Line = Annotated[str, StringConstraints(strip_whitespace=True)]

# The time for which a declined invitation blocks another one.
_ANSWER_IS_NEWS_FOR = timedelta(days=7)
# The time for which a no-show can be reported.
_FEEDBACK_IS_ASKED_FOR = timedelta(days=7)
# A user may have waited for the other, so this email is useful after the start, too.
_CANCELLATION_IS_NEWS_FOR = timedelta(days=1)
# After that the next digest is near.
_DIGEST_IS_READ_FOR = timedelta(days=5)


class Also(Frozen):
    """Another email of the day for a reader who gets one a day: its subject, and where it leads."""

    subject: str
    path: str


class Content(Frozen):
    """The facts from which an email is written."""

    template: str
    also: tuple[Also, ...] = ()

    @property
    @abstractmethod
    def path(self) -> str:
        """The path in the app to which the button of the email leads."""

    @property
    def api_path(self) -> str | None:
        """The path on this API to which the button leads instead, if any."""
        return None

    @property
    def calendar_session_id(self) -> UUID | None:
        """The session of the calendar file to which the email links, if any."""
        return None

    @property
    def feedback_session_id(self) -> UUID | None:
        """The session that the email asks about, on a page to which its button leads instead."""
        return None

    @property
    def words(self) -> str | None:
        """The words of another user in it, which a push shows only to readers who want that."""
        return None

    @abstractmethod
    def useful_until(self, recorded_at: datetime) -> datetime:
        """Return when the email stops being useful."""


class _AboutMatch(Content):
    match_id: UUID

    @property
    def path(self) -> str:
        return f"/matches/{self.match_id}"


class _Answer(_AboutMatch):
    def useful_until(self, recorded_at: datetime) -> datetime:
        return recorded_at + _ANSWER_IS_NEWS_FOR


class _AboutSession(Content):
    in_calendar: ClassVar[bool] = False
    session_id: UUID
    partner_name: Line
    venue_name: Line
    scheduled_time: AwareDatetime

    @property
    def path(self) -> str:
        return f"/sessions/{self.session_id}"

    @property
    def calendar_session_id(self) -> UUID | None:
        return self.session_id if self.in_calendar else None


class _Plan(_AboutSession):
    in_calendar = True

    def useful_until(self, recorded_at: datetime) -> datetime:  # noqa: ARG002 - see Content
        return self.scheduled_time


class MatchInvitation(_AboutMatch):
    """Someone would like to meet the reader. The invitation is open until `expires_at`."""

    template: Literal["match_invitation"]
    inviter_name: Line
    venue_suggestion: Line | None = None
    note: str | None = None
    expires_at: AwareDatetime

    @property
    def words(self) -> str | None:
        return self.note

    def useful_until(self, recorded_at: datetime) -> datetime:  # noqa: ARG002 - see Content
        return self.expires_at


class MatchAccepted(_Answer):
    """An invitation was accepted. Both users get it; `role` is the reader's."""

    template: Literal["match_accepted"]
    partner_name: Line
    venue_suggestion: Line | None = None
    role: Literal["inviter", "invitee"]


class NewMatch(_Answer):
    """The reader and `partner_name` like each other."""

    template: Literal["new_match"]
    partner_name: Line


class MatchEnded(_Answer):
    """`partner_name` has ended the match. It is listed and pushed, but not emailed."""

    template: Literal["match_ended"]
    partner_name: Line


class NewMessage(_Answer):
    """`partner_name` has written. It is listed and pushed, but not emailed.

    `text` is the beginning of the newest message, which only a push knows.
    """

    template: Literal["message"]
    partner_name: Line
    text: str | None = None

    @property
    def path(self) -> str:
        return f"/conversations/{self.match_id}"

    @property
    def words(self) -> str | None:
        return self.text


class UnreadMessages(_Answer):
    """The reader has not read what `partner_name` has written. It has no words of the messages."""

    template: Literal["unread_messages"]
    partner_name: Line

    @property
    def path(self) -> str:
        return f"/conversations/{self.match_id}"


class MatchDeclined(_Answer):
    """The reader's invitation was declined, perhaps with a reason."""

    template: Literal["match_declined"]
    partner_name: Line
    reason: str | None = None


class SessionScheduled(_Plan):
    """A meeting is planned. The challenge is the reader's own."""

    template: Literal["session_scheduled"]
    challenge_title: Line | None = None
    challenge_description: Line | None = None


class SessionRescheduled(_Plan):
    """The time or place has changed. `previous_time` is set if the time has."""

    template: Literal["session_rescheduled"]
    previous_time: AwareDatetime | None = None
    challenge_title: Line | None = None
    challenge_description: Line | None = None


class SessionCancelled(_AboutSession):
    """`partner_name` cancelled the session, and may have given a reason."""

    template: Literal["session_cancelled"]
    reason: str | None = None

    @property
    def words(self) -> str | None:
        return self.reason

    def useful_until(self, recorded_at: datetime) -> datetime:
        return max(self.scheduled_time, recorded_at + _CANCELLATION_IS_NEWS_FOR)


class SessionCalledOff(Content):
    """The session is off, because the match or the other account has ended. It has no name."""

    template: Literal["session_called_off"]
    scheduled_time: AwareDatetime

    @property
    def path(self) -> str:
        return "/sessions"

    def useful_until(self, recorded_at: datetime) -> datetime:
        return max(self.scheduled_time, recorded_at + _CANCELLATION_IS_NEWS_FOR)


class SessionReminder24h(_Plan):
    """The session is a day away."""

    template: Literal["session_reminder_24h"]
    challenge_title: Line | None = None

    def useful_until(self, recorded_at: datetime) -> datetime:  # noqa: ARG002 - see Content
        """Return when the next reminder is due."""
        return self.scheduled_time - timedelta(hours=2)


class SessionReminder2h(_Plan):
    """The session is two hours away."""

    template: Literal["session_reminder_2h"]
    challenge_title: Line | None = None


class SessionFeedback(_AboutSession):
    """The two have met, and the reader is asked how it was."""

    template: Literal["session_feedback"]

    @property
    def feedback_session_id(self) -> UUID | None:
        """See Content."""
        return self.session_id

    def useful_until(self, recorded_at: datetime) -> datetime:  # noqa: ARG002 - see Content
        return self.scheduled_time + _FEEDBACK_IS_ASKED_FOR


class DigestMeeting(Frozen):
    partner_name: Line
    venue_name: Line
    scheduled_time: AwareDatetime


class DigestInvitation(Frozen):
    inviter_name: Line
    expires_at: AwareDatetime


class WeeklyDigest(Content):
    """The reader's week: meetings, invitations that wait for an answer, and reputation.

    `met` and `invitations` list up to five each; the counts include all.
    """

    template: Literal["weekly_digest"]
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
        return "/matches" if self.invitation_count else "/sessions"

    def useful_until(self, recorded_at: datetime) -> datetime:  # noqa: ARG002 - see Content
        return self.week_ends_at + _DIGEST_IS_READ_FOR
