"""The switch of push notifications."""

from wingman.kit.settings import Settings, means


class PushSwitch(Settings):
    """Whether this deployment sends pushes."""

    enable_push: bool = means("Whether devices can be registered for pushes.", default=False)
