"""Errors of playgrounds."""

from wingman.kit.errors import Conflict, Forbidden, NotFound, RateLimited


class PlaygroundNotFound(NotFound):
    """This playground does not exist."""


class NotOwner(Forbidden):
    """Only the user who has added a playground changes or deletes it."""

    code = "not_owner"


class DailyPlaygroundLimit(RateLimited):
    """You have added too many playgrounds today. Wait as long as Retry-After says."""

    code = "daily_playground_limit"


class TooManyFavourites(Conflict):
    """You have 500 favourite playgrounds. Remove one first."""

    code = "too_many_favourites"
