"""Faults that a test asks for: how the stand-in fails, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from local.auth.refusal import invalid

FOR_EVER = 1_000_000


class Mode(StrEnum):
    # The gateway in front answers, and not in JSON.
    DOWN = "down"
    # The request is answered after `seconds`.
    SLOW = "slow"
    RATE_LIMITED = "rate_limited"
    ERROR_500 = "error_500"
    # The request is carried out, but its answer is lost.
    LOST_RESPONSE = "lost_response"


@dataclass
class Fault:
    """A failure of the next `count` requests whose path or email contains `match`."""

    mode: Mode
    count: int = FOR_EVER
    match: str = ""
    seconds: float = 10

    def concerns(self, path: str, email: str) -> bool:
        return self.match in path or self.match in email


class Faults:
    """The planned faults, in the order in which they apply."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, body: Mapping[str, Any]) -> Fault:
        """Plan `{"mode", "count": n = all, "match": text?, "seconds": of a slow one = 10}`."""
        if body.get("mode") not in set(Mode):
            raise invalid(f"mode: one of {', '.join(Mode)}")
        count, seconds, match = (
            body.get(name, default)
            for name, default in (("count", FOR_EVER), ("seconds", 10), ("match", ""))
        )
        if not isinstance(count, int) or count < 1:
            raise invalid("count: a whole number above 0")
        if not isinstance(seconds, int | float) or not isinstance(match, str):
            raise invalid("seconds: a number; match: a part of the path or of the email")
        fault = Fault(Mode(body["mode"]), count, match, seconds)
        self._waiting.append(fault)
        return fault

    def take(self, path: str, email: str) -> Fault | None:
        for fault in self._waiting:
            if fault.concerns(path, email):
                fault.count -= 1
                self._waiting = [waiting for waiting in self._waiting if waiting.count]
                return fault
        return None

    def waiting(self) -> list[dict[str, Any]]:
        return [dict(vars(fault)) for fault in self._waiting]

    def clear(self) -> None:
        self._waiting.clear()
