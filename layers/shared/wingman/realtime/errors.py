"""Errors of realtime, which clients receive as frames."""

from wingman.kit.errors import Conflict, PayloadTooLarge


class FrameTooLarge(PayloadTooLarge):
    """The frame is larger than 32,768 bytes of UTF-8."""


class ConnectionClosed(Conflict):
    """This connection is closed: a newer one took its place, or its session has ended."""

    code = "connection_closed"
