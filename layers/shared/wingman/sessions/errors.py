"""Errors of sessions."""

from wingman.kit.errors import Conflict, InvalidRequest, NotFound, RateLimited


class SessionNotFound(NotFound):
    """This session does not exist, or you are not part of it."""


class MatchNotFound(NotFound):
    """This match does not exist, or you are not part of it."""


class ChallengeNotFound(NotFound):
    """This challenge does not exist, or it is no longer available."""


class MatchNotAccepted(Conflict):
    """This match has not been accepted, so you cannot plan a meeting."""

    code = "match_not_accepted"


class SessionAlreadyOpen(Conflict):
    """The two of you already have a meeting planned. Change that one, or cancel it first."""

    code = "session_already_open"


class SessionNotOpen(Conflict):
    """This session has ended or was cancelled."""

    code = "session_not_open"


class SessionNotStarted(Conflict):
    """You can confirm this session after it has begun."""

    code = "session_not_started"


class SessionAlreadyAnswered(Conflict):
    """One of you has already confirmed or reported this session, which this would contradict."""

    code = "session_already_answered"


class NoShowTooEarly(Conflict):
    """Wait until 15 minutes after the start before you report a no-show."""

    code = "no_show_too_early"


class NoShowTooLate(Conflict):
    """You can report a no-show only within 7 days of the start."""

    code = "no_show_too_late"


class DailyPlanLimit(RateLimited):
    """You have planned or moved too many meetings with this person today. Try again tomorrow."""

    code = "daily_plan_limit"


class DailyEmailLimit(RateLimited):
    """You have caused this person too many emails today. Try again tomorrow."""

    code = "daily_email_limit"


class SessionNotOver(Conflict):
    """You can give feedback once the meeting has taken place and is confirmed or closed."""

    code = "session_not_over"


class FeedbackAlreadyGiven(Conflict):
    """You have given other feedback on this session. It cannot be changed."""

    code = "feedback_already_given"


class NoFeedback(NotFound):
    """You have given no feedback on this session."""


class InvalidTime(InvalidRequest):
    """A meeting must be some minutes ahead, so that both can know of it, and at most a year."""

    def __init__(self, lead_minutes: int) -> None:
        ahead = f"must be at least {lead_minutes} minutes ahead, and at most a year"
        super().__init__(fields={"scheduled_time": ahead})
