"""Faults that a test asks for: how the sandbox fails, and how often."""

from dataclasses import dataclass
from enum import StrEnum

from local.fcm.errors import FcmError


class Mode(StrEnum):
    UNREGISTERED = "UNREGISTERED"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    SENDER_ID_MISMATCH = "SENDER_ID_MISMATCH"
    THIRD_PARTY_AUTH_ERROR = "THIRD_PARTY_AUTH_ERROR"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"
    SLOW = "slow"
    BROKEN = "broken"
    LOST_RESPONSE = "lost_response"
    WITHDRAWN = "withdrawn"


@dataclass
class Fault:
    """One failure of the next `count` requests to tokens that contain `match`."""

    mode: Mode
    count: int = 1
    match: str = ""
    retry_after: int | None = None


class Faults:
    """The planned faults, in the order in which they apply."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, body: dict[str, object]) -> Fault:
        mode, count, match = body.get("mode"), body.get("count", 1), body.get("match", "")
        wait = body.get("retry_after")
        if mode not in set(Mode):
            raise FcmError(f"`mode` is one of {', '.join(Mode)}.")
        if not isinstance(count, int) or count < 1 or not isinstance(match, str):
            raise FcmError("`count` is a whole number above 0, `match` a part of a token.")
        if wait is not None and not isinstance(wait, int):
            raise FcmError("`retry_after` is a number of seconds.")
        fault = Fault(Mode(str(mode)), count, match, wait)
        self._waiting.append(fault)
        return fault

    def take(self, token: str) -> Fault | None:
        """Return the fault of this request, if any, and count it."""
        for fault in self._waiting:
            if fault.match in token:
                fault.count -= 1
                self._waiting = [waiting for waiting in self._waiting if waiting.count]
                return fault
        return None

    def clear(self) -> None:
        self._waiting.clear()
