"""Faults that a test asks for: how the stand-in fails, and how often."""

from dataclasses import dataclass
from enum import StrEnum

from local.anthropic.errors import InvalidRequestError


class Mode(StrEnum):
    ERROR_500 = "error_500"
    OVERLOADED = "overloaded"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    MALFORMED = "malformed"
    CUT = "cut"
    REFUSAL = "refusal"


@dataclass
class Fault:
    """One failure of the next `count` requests; a 429 carries `retry_after` seconds."""

    mode: Mode
    count: int = 1
    retry_after: int = 1


class Faults:
    """The planned faults, in the order in which they apply."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, body: dict[str, object]) -> Fault:
        """Plan a fault as `{"mode", "count": n = 1, "retry_after": seconds = 1}` says."""
        numbers = [body.get(name, 1) for name in ("count", "retry_after")]
        if body.get("mode") not in set(Mode):
            raise InvalidRequestError(f"mode: one of {', '.join(Mode)}")
        if not all(isinstance(number, int) and number > 0 for number in numbers):
            raise InvalidRequestError("count, retry_after: whole numbers above 0")
        count, retry_after = (int(str(number)) for number in numbers)
        fault = Fault(Mode(str(body["mode"])), count, retry_after)
        self._waiting.append(fault)
        return fault

    def take(self) -> Fault | None:
        """Return the fault of this request, if any, and count it."""
        if not self._waiting:
            return None
        fault = self._waiting[0]
        fault.count -= 1
        self._waiting = [waiting for waiting in self._waiting if waiting.count]
        return fault

    def clear(self) -> None:
        self._waiting.clear()
