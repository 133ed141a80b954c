"""Errors of likes and passes."""

from wingman.kit.errors import Conflict, InvalidRequest, NotFound, RateLimited


class UserNotFound(NotFound):
    """This user does not exist for you."""


class NotYourself(InvalidRequest):
    """You can neither like nor pass yourself."""

    def __init__(self) -> None:
        super().__init__(fields={"user_id": "must not be your own id"})


class ProfileIncomplete(Conflict):
    """Complete and show your own profile first; GET /api/profile says what is missing."""

    code = "profile_incomplete"


class PairEnded(Conflict):
    """A match of the two of you has ended, which keeps you apart."""

    code = "match_ended"


class DailyEmailLimit(RateLimited):
    """You have caused this person too many emails today. Try again tomorrow."""

    code = "daily_email_limit"
