"""The state machine of a circuit breaker; circuit.lua is the same for all containers.

Times are milliseconds of any single clock. A call from before the last change has no effect.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

WINDOW = 60_000
"""Failures are forgotten after this time without another one."""
FIRST_GAP = 1_000
"""The time between two probes; it doubles after a failed trial."""
STALL = 2_000
"""A half-open circuit admits another call after this time, even if no call has returned."""
ENOUGH = 10
"""A half-open circuit closes after this number of successful calls."""

Event = Literal["ask", "passed", "failed", "woke"]


class State(StrEnum):
    """The states of a circuit."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class May(StrEnum):
    """A container may call, must first probe the dependency, or must wait."""

    GO = "go"
    PROBE = "probe"
    WAIT = "wait"


class Answer(NamedTuple):
    """The decision; `wait` is the time in ms before the next question.

    `counted` is False for a failure of a caller whose earlier failure counts already.
    """

    may: May
    wait: int
    state: State
    changed: bool
    counted: bool


@dataclass
class Circuit:
    """One circuit: `threshold` failures in a row open it for `open_for` milliseconds."""

    threshold: int
    open_for: int
    state: State = State.CLOSED
    since: int = 0
    failures: int = 0
    failed_at: int = 0
    callers: set[str] = field(default_factory=set)
    gap: int = FIRST_GAP
    open_until: int = 0
    probe_at: int = 0
    admitted: int = 0
    passed: int = 0
    granted_at: int = 0

    def note(
        self, event: Event, now: int, *, took: int = 0, taken_back: int = 0, caller: str = ""
    ) -> Answer:
        """Record an event of a call that took `took` ms and decide on the next call.

        While the circuit is closed, several failures of one `caller` count as one.
        """
        was, fresh = self.state, now - took >= self.since
        react = {
            State.CLOSED: self._closed,
            State.OPEN: self._open,
            State.HALF_OPEN: self._half_open,
        }[was]
        if was is State.CLOSED and now - self.failed_at > WINDOW:
            self._forget(self.failures)
        if was is State.CLOSED and caller in self.callers:
            return Answer(May.GO, 0, was, changed=False, counted=False)
        if was is State.CLOSED and caller and fresh:
            self.callers.add(caller)
        may, wait = react(event, now, fresh, taken_back)
        return Answer(may, wait, self.state, self.state is not was, counted=True)

    def _closed(self, event: Event, now: int, fresh: bool, taken_back: int) -> tuple[May, int]:
        if event == "passed":
            self._forget(taken_back)
        elif event == "failed" and fresh:
            self.failures, self.failed_at = self.failures + 1, now
            if self.failures >= self.threshold:
                self._become_open(now, FIRST_GAP)
        return May.GO, 0

    def _open(self, event: Event, now: int, fresh: bool, _: int) -> tuple[May, int]:
        if event == "woke" or (event == "passed" and fresh):
            self._become_half_open(now, passed=1 if event == "passed" else 0)
        elif event == "ask" and now >= self.open_until:
            self._become_half_open(now, passed=0)
        elif event == "ask" and now >= self.probe_at:
            self.probe_at = now + self.gap
            return May.PROBE, 0
        else:
            return May.WAIT, max(1, min(self.probe_at, self.open_until) - now)
        return May.GO, 0

    def _half_open(self, event: Event, now: int, fresh: bool, _: int) -> tuple[May, int]:
        if event == "failed" and fresh:
            self._become_open(now, min(2 * self.gap, self.open_for))
        elif event == "passed" and fresh:
            self.passed += 1
            if self.passed >= ENOUGH:
                self.state, self.since = State.CLOSED, now
                self._forget(self.failures)
        elif event in {"ask", "woke"}:
            if self.admitted > 2 * self.passed and now < self.granted_at + STALL:
                return May.WAIT, 50
            self.admitted, self.granted_at = self.admitted + 1, now
        return May.GO, 0

    def _forget(self, failures: int) -> None:
        self.failures = max(0, self.failures - failures)
        if self.failures == 0:
            self.callers.clear()

    def _become_open(self, now: int, gap: int) -> None:
        self.state, self.since = State.OPEN, now
        self.open_until, self.probe_at, self.gap = now + self.open_for, now + gap, gap

    def _become_half_open(self, now: int, *, passed: int) -> None:
        self.state, self.since = State.HALF_OPEN, now
        self.admitted, self.passed, self.granted_at = 1, passed, now
