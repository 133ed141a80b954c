"""What a deployment offers besides the core."""

from wingman.coach.settings import CoachingSettings
from wingman.kit.settings import means


class FeatureSettings(CoachingSettings):
    """What this deployment offers besides the core; `GET /api/features` tells the apps."""

    enable_match_sharing: bool = means("Whether apps offer to share a match.", default=True)
    enable_challenge_sharing: bool = means("Whether apps offer to share a challenge.", default=True)
