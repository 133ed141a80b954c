"""A model of docs/sessions.md without a database.

It keeps what each person said, not the consequences, and a clock in minutes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PEOPLE = ("first", "second")
HOUR = 60
DAY = 24 * HOUR
_GRACE = DAY
_LEAD = 15
_NOTICE = 2 * HOUR
_REMINDERS = {"session_reminder_24h": 24 * HOUR, "session_reminder_2h": 2 * HOUR}

Email = tuple[str, str, str, int | None]
"""Template, reader, status, and for a reminder how long before the start it comes due."""


def other(who: str) -> str:
    return "second" if who == "first" else "first"


class RefusedError(Exception):
    """The step is forbidden, for the reason that the SQLSTATE stands for."""


def refusal_of(step: Callable[[], None]) -> str | None:
    """Take a step; return the SQLSTATE if it is forbidden."""
    try:
        step()
    except RefusedError as refused:
        return str(refused)
    return None


def is_planned_reminder(email: Mapping[str, Any]) -> bool:
    """Return whether a stored email is a reminder that is still to leave."""
    return "reminder" in email["email_template"] and email["delivery_status"] == "pending"


@dataclass
class Meeting:
    """A session: its plan, what was said about it, and its end if it has one."""

    start: float
    venue: str
    planner: str
    planned_at: float
    moved: bool = False
    confirmed: set[str] = field(default_factory=set)
    reported: set[str] = field(default_factory=set)
    cancelled_by: str | None = None
    cancellation_counts: bool = False
    end: str | None = None
    revision: int = 0
    emails: list[Email] = field(default_factory=list)

    def status(self, now: float) -> str:
        return self.end or ("scheduled" if now < self.start else "in_progress")

    def missing(self) -> set[str]:
        """Return the people in `no_show_user_ids`."""
        if self.cancelled_by:
            return {self.cancelled_by} if self.cancellation_counts else set()
        return {other(reporter) for reporter in self.reported}

    def is_no_show_of(self, who: str) -> bool:
        if who not in self.missing():
            return False
        knew_in_time = self.start - self.planned_at >= _NOTICE
        reported = self.end == "no_show" and (who == self.planner or knew_in_time)
        return reported or self.end == "cancelled"

    def is_completed_for(self, who: str) -> bool:
        return self.end == "completed" and who not in self.missing()

    def excuses(self, who: str, now: float) -> bool:
        """Return whether this person may cancel late without it counting."""
        own = who == self.planner and (self.moved or now >= self.start)
        return now - self.planned_at < _NOTICE and not own

    def verdict(self) -> str:
        """Return the outcome that follows from what has been said."""
        if self.reported:
            return "no_show" if len(self.reported) == 1 else "expired"
        return "completed" if self.confirmed else "expired"

    def finish(self, end: str) -> None:
        """Close the session; users who met are asked for feedback."""
        self.end = end
        if end == "completed":
            self.emails += [("session_feedback", who, "pending", None) for who in PEOPLE]


@dataclass
class Model:
    now: float = 0
    meetings: list[Meeting] = field(default_factory=list)

    def create(self, who: str, start: float, venue: str) -> None:
        if who not in PEOPLE:
            raise RefusedError("WM002")
        if start < self.now + _LEAD:
            raise RefusedError("WS010")
        for meeting in self.meetings:
            if not meeting.end and self.now < meeting.start + _GRACE:
                raise RefusedError("WS003")
        self.close_overdue()
        meeting = Meeting(start, venue, who, self.now)
        meeting.emails += [("session_scheduled", each, "pending", None) for each in PEOPLE]
        self._remind(meeting)
        self.meetings.append(meeting)

    def move(self, who: str, at: int, start: float | None, venue: str | None) -> None:
        """Change the time, the venue, or both."""
        meeting = self._open(who, at)
        start = meeting.start if start is None else start
        venue = meeting.venue if venue is None else venue
        if (start, venue) == (meeting.start, meeting.venue):
            return
        if self.now >= meeting.start:
            raise RefusedError("WS006")
        if start != meeting.start and start < self.now + _LEAD:
            raise RefusedError("WS010")
        meeting.start, meeting.venue = start, venue
        meeting.planner, meeting.planned_at, meeting.moved = who, self.now, True
        meeting.revision += 1
        self._forget_reminders(meeting)
        self._remind(meeting)
        meeting.emails += [("session_rescheduled", each, "pending", None) for each in PEOPLE]

    def cancel(self, who: str, at: int) -> None:
        meeting = self._open(who, at)
        if meeting.confirmed or meeting.reported:
            raise RefusedError("WS007")
        meeting.cancelled_by = who
        late = self.now > meeting.start - _NOTICE
        meeting.cancellation_counts = late and not meeting.excuses(who, self.now)
        meeting.revision += 1
        meeting.finish("cancelled")
        self._forget_reminders(meeting)
        meeting.emails.append(("session_cancelled", other(who), "pending", None))

    def confirm(self, who: str, at: int) -> None:
        """Say that the other took part."""
        meeting = self._open(who, at)
        if self.now < meeting.start:
            raise RefusedError("WS005")
        meeting.confirmed.add(who)
        meeting.reported.discard(who)
        if len(meeting.confirmed) == len(PEOPLE):
            meeting.finish("completed")

    def report(self, who: str, at: int) -> None:
        """Say that the other did not come."""
        meeting = self._of(who, at)
        settled = meeting.end == "completed" and who in meeting.confirmed
        if meeting.end == "cancelled" or settled:
            raise RefusedError("WS004")
        if self.now < meeting.start + 15:
            raise RefusedError("WS008")
        if self.now > meeting.start + 7 * DAY:
            raise RefusedError("WS009")
        if who in meeting.confirmed:
            raise RefusedError("WS007")
        meeting.reported.add(who)
        if meeting.end in {"no_show", "expired"}:
            meeting.end = meeting.verdict()

    def close_overdue(self) -> None:
        """Close the sessions whose grace period is over."""
        for meeting in self.meetings:
            if not meeting.end and self.now >= meeting.start + _GRACE:
                meeting.finish(meeting.verdict())

    def reputation(self, who: str, day: Callable[[float], object]) -> dict[str, object]:
        """Count again from the beginning; `day` returns the date of a minute."""
        met = {day(each.start) for each in self.meetings if each.is_completed_for(who)}
        missed = [each for each in self.meetings if each.is_no_show_of(who)]
        return {"completed_sessions": len(met), "no_shows": len(missed), "kept_from": []}

    def _of(self, who: str, at: int) -> Meeting:
        if who not in PEOPLE:
            raise RefusedError("WS001")
        return self.meetings[at]

    def _open(self, who: str, at: int) -> Meeting:
        meeting = self._of(who, at)
        if meeting.end:
            raise RefusedError("WS004")
        return meeting

    def _remind(self, meeting: Meeting) -> None:
        for template, before in _REMINDERS.items():
            if meeting.start - before > self.now:
                meeting.emails += [(template, who, "pending", before) for who in PEOPLE]

    def _forget_reminders(self, meeting: Meeting) -> None:
        meeting.emails = [
            (template, who, "cancelled" if template in _REMINDERS else status, None)
            for template, who, status, _ in meeting.emails
        ]
