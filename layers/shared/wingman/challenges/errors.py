"""Errors of challenges and attempts."""

from wingman.kit.errors import Conflict, NotFound, RateLimited


class ChallengeNotFound(NotFound):
    """This challenge does not exist, or it is not part of this session."""


class SessionNotFound(NotFound):
    """This session does not exist, or you are not part of it."""


class SubmissionNotFound(NotFound):
    """This submission does not exist, or it is not yours."""


class SubmissionWindowClosed(Conflict):
    """The time to submit this challenge is over."""

    code = "submission_window_closed"


class DailySubmissionLimit(RateLimited):
    """You have submitted too many attempts today. Wait as long as Retry-After says."""

    code = "daily_submission_limit"
