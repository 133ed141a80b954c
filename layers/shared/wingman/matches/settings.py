"""Settings of matches."""

from wingman.kit.settings import Settings, means


class MatchSettings(Settings):
    """The rules that an operator may change."""

    max_daily_matches: int = means(
        "Invitations per user and day; the database has a ceiling.",
        default=10,
        ge=1,
        le=1000,
    )
