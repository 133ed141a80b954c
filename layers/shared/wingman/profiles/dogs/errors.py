"""Errors of profiles."""

from wingman.kit.errors import NotFound


class ProfileNotFound(NotFound):
    """You have no profile yet. Create it with PUT /api/profile."""

    code = "profile_not_found"


class CardNotFound(NotFound):
    """No profile of this user exists for you."""
