"""The settings that template.yaml gives to every function (its Globals)."""

from wingman.kit.limits.settings import LimitSettings
from wingman.kit.presence.settings import PresenceSettings
from wingman.kit.settings import AppSettings


class DeploymentSettings(AppSettings, LimitSettings, PresenceSettings):
    """What every function checks when it starts; each module loads the part that it needs."""
