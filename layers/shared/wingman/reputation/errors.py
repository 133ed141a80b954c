"""Errors of reputations."""

from wingman.kit.errors import NotFound


class UserNotFound(NotFound):
    """No user has this id."""
