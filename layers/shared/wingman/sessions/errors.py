"""Why a step of a session is refused."""

from wingman.kit.errors import Conflict, InvalidRequest, NotFound


class SessionNotFound(NotFound):
    """There is no such session, or you are not part of it."""


class MatchNotFound(NotFound):
    """There is no such match, or you are not part of it."""


class ChallengeNotFound(NotFound):
    """There is no such challenge on offer."""


class MatchNotAccepted(Conflict):
    """A meeting is planned on an accepted match; this one is not."""

    code = "match_not_accepted"


class SessionAlreadyOpen(Conflict):
    """The two of you already have a meeting planned. Change that one, or cancel it first."""

    code = "session_already_open"


class SessionNotOpen(Conflict):
    """This session is over, or was cancelled."""

    code = "session_not_open"


class SessionNotStarted(Conflict):
    """This can be said once the meeting has begun."""

    code = "session_not_started"


class SessionAlreadyAnswered(Conflict):
    """One of you has already said how it was, and this would contradict it."""

    code = "session_already_answered"


class NoShowTooEarly(Conflict):
    """Give them 15 minutes from the start before you report that they did not come."""

    code = "no_show_too_early"


class NoShowTooLate(Conflict):
    """That somebody did not come can be reported for 7 days."""

    code = "no_show_too_late"


class InvalidTime(InvalidRequest):
    """A meeting lies in the future, and not more than a year ahead."""

    def __init__(self) -> None:
        super().__init__(fields={"scheduled_time": "lies in the past or over a year ahead"})
