"""The result of a call to a connection."""

from enum import StrEnum


class Outcome(StrEnum):
    """The end of a call.

    GONE: there is no such connection, or not yet: a `$connect` that has not been answered.
    THROTTLED: too many calls, or the client does not read what it is sent. FAILED: unknown.
    """

    DONE = "done"
    GONE = "gone"
    THROTTLED = "throttled"
    FAILED = "failed"
