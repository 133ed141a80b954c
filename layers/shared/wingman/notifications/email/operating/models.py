"""Waiting emails and dead letters, as operators see them."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from wingman.notifications.models import Frozen, Priority


class Lane(Frozen):
    """The state of a lane: its due emails, the longest wait of an unsent email, and its pause.

    An email between two attempts is not due, but it counts as waiting.
    """

    priority: Priority
    depth: int
    oldest_seconds: float
    sending: int
    paused_until: AwareDatetime | None
    paused_reason: str | None


class DeadLetter(Frozen):
    id: UUID
    email_template: str
    priority: Priority
    delivery_status: str
    error_message: str | None
    created_at: AwareDatetime
    first_failed_at: AwareDatetime | None
    given_up_at: AwareDatetime | None
    retry_count: int
    replay_count: int
    replayable: bool


class DeadLetters(Frozen):
    delivery_status: Literal["failed", "unknown"]
    emails: int = 0
    within_an_hour: int = 0


@dataclass(frozen=True)
class Deliveries:
    by_status: dict[str, int] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        return sum(self.by_status.values())

    @property
    def success_rate(self) -> float | None:
        """Return the share that arrived, of emails with a known fate; None if there are none."""
        known = self.accepted - self._count("sent")
        # A complaint proves that the email arrived.
        return self._count("delivered", "complained") / known if known else None

    def share(self, status: str) -> float:
        return self._count(status) / self.accepted if self.accepted else 0.0

    def _count(self, *statuses: str) -> int:
        return sum(self.by_status.get(status, 0) for status in statuses)


class Suppression(Frozen):
    reason: str
    created_at: AwareDatetime
