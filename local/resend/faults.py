"""Faults that a test asks for: how the sandbox fails, and how often."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from local.resend.errors import ValidationError


class Mode(StrEnum):
    ERROR_500 = "error_500"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    LOST_RESPONSE = "lost_response"
    REJECT = "reject"


@dataclass
class Fault:
    """One failure of the next `count` requests."""

    mode: Mode
    count: int
    match: str | None = None

    def concerns(self, recipients: Iterable[str]) -> bool:
        return self.match is None or any(self.match in recipient for recipient in recipients)


class Faults:
    """The planned faults, in the order in which they apply."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, body: dict[str, object]) -> Fault:
        """Plan a fault as `{"mode", "count": n = 1, "match": substring of a recipient?}` says."""
        mode, count, match = body.get("mode"), body.get("count", 1), body.get("match")
        if mode not in set(Mode):
            raise ValidationError(f"`mode` is one of {', '.join(Mode)}.")
        if not isinstance(count, int) or count < 1:
            raise ValidationError("`count` is a whole number above 0.")
        if match is not None and not isinstance(match, str):
            raise ValidationError("`match` is a part of a recipient.")
        fault = Fault(Mode(str(mode)), count, match)
        self._waiting.append(fault)
        return fault

    def take(self, recipients: list[str]) -> Mode | None:
        for fault in self._waiting:
            if fault.concerns(recipients):
                fault.count -= 1
                self._waiting = [waiting for waiting in self._waiting if waiting.count]
                return fault.mode
        return None

    def waiting(self) -> list[dict[str, object]]:
        return [dict(vars(fault)) for fault in self._waiting]

    def clear(self) -> None:
        self._waiting.clear()
