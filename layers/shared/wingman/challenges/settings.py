"""Settings of challenges."""

from wingman.kit.settings import Settings, means


class ChallengeSettings(Settings):
    """The rules that an operator may change."""

    challenge_duration_days: int = means(
        "Days after a session in which its challenge can be submitted.", default=7, ge=1, le=365
    )
