"""Errors of the coach."""

from wingman.kit.errors import InvalidRequest, NotFound, RateLimited


class ChallengeNotFound(NotFound):
    """This challenge does not exist."""


class SessionNotFound(NotFound):
    """This session does not exist, or you are not part of it."""


class DailyTipsLimit(RateLimited):
    """You have reached the daily limit of tips. Wait as long as the Retry-After header says."""

    code = "daily_tips_limit"


class QuestionDeclined(InvalidRequest):
    """The coach does not answer this question. Ask about your challenge or your meeting."""

    def __init__(self) -> None:
        super().__init__(fields={"question": "the coach does not answer this"})


class MalformedAdvice(Exception):
    """The model's answer does not have the requested form."""
