"""Errors of devices."""

from wingman.kit.errors import NotFound


class PushIsOff(NotFound):
    """This deployment sends no push notifications."""

    code = "push_is_off"
