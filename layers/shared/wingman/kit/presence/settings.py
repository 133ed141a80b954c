"""How long a login lasts."""

from wingman.kit.settings import Settings, means


class PresenceSettings(Settings):
    """How long a user who makes no request stays logged in."""

    session_timeout_hours: int = means(
        "Hours after the last request until a user's login ends.", default=24, ge=1, le=8760
    )
