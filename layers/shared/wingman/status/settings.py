"""Settings of optional features."""

from wingman.coach.settings import CoachingSettings
from wingman.kit.settings import means
from wingman.notifications.devices.settings import PushSwitch


class FeatureSettings(CoachingSettings, PushSwitch):
    """The optional features of this deployment, which `GET /api/features` returns."""

    enable_match_sharing: bool = means("Whether apps offer to share a match.", default=True)
    enable_challenge_sharing: bool = means("Whether apps offer to share a challenge.", default=True)
