"""Settings of logins."""

from wingman.kit.settings import Settings, means


class PresenceSettings(Settings):
    """The duration of a login."""

    session_timeout_hours: int = means(
        "Hours after the last request until a user's login ends.", default=24, ge=1, le=8760
    )
