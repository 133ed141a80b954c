"""Why there are no tips."""

from wingman.kit.errors import InvalidRequest, NotFound, RateLimited


class ChallengeNotFound(NotFound):
    """There is no such challenge."""


class SessionNotFound(NotFound):
    """There is no such session, or you are not part of it."""


class DailyTipsLimit(RateLimited):
    """You have asked for as many tips as a day allows. Retry-After says when the next are free."""

    code = "daily_tips_limit"


class QuestionDeclined(InvalidRequest):
    """The coach gives no tips on this. Ask about your challenge or your meeting."""

    def __init__(self) -> None:
        super().__init__(fields={"question": "the coach gives no tips on this"})


class MalformedAdvice(Exception):
    """The model's answer is not what was asked for."""
