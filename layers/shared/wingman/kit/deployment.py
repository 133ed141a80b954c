"""The settings that template.yaml gives to every function (its Globals)."""

from wingman.kit.limits.settings import LimitSettings
from wingman.kit.presence.settings import PresenceSettings
from wingman.kit.reporting.settings import ReportingSettings
from wingman.kit.settings import AppSettings


class DeploymentSettings(AppSettings, LimitSettings, PresenceSettings, ReportingSettings):
    """The settings that every function validates when it starts."""
