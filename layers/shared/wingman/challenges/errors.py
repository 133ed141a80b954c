"""Why an attempt at a challenge is not taken."""

from wingman.kit.errors import Conflict, NotFound


class ChallengeNotFound(NotFound):
    """There is no such challenge, or it is not one of this session's."""


class SessionNotFound(NotFound):
    """There is no such session, or you are not part of it."""


class SubmissionWindowClosed(Conflict):
    """The time to tell how this challenge went is over."""

    code = "submission_window_closed"
