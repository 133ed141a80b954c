"""Errors of the list of notifications."""

from wingman.kit.errors import NotFound


class NotificationNotFound(NotFound):
    """You have no such notification."""
