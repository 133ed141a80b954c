"""Why a reputation cannot be told."""

from wingman.kit.errors import NotFound


class UserNotFound(NotFound):
    """There is no user with this id."""
