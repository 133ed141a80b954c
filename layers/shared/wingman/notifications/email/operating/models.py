"""What an operator sees of the emails that wait, and of those that were given up."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from wingman.notifications.models import Frozen, Priority


class Lane(Frozen):
    """A lane at this moment: due mails, the longest wait of any unsent one, what holds it up.

    A mail between two tries is not among the due ones, but it waits.
    """

    priority: Priority
    depth: int
    oldest_seconds: float
    sending: int
    paused_until: AwareDatetime | None
    paused_reason: str | None


class DeadLetter(Frozen):
    """A mail that was given up (`failed`), or of which nobody knows (`unknown`)."""

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
    """How many dead letters there are of a status, and how many became so within an hour."""

    delivery_status: Literal["failed", "unknown"]
    emails: int = 0
    within_an_hour: int = 0


@dataclass(frozen=True)
class Deliveries:
    """What became of the mails that the provider accepted in some hours, by status."""

    by_status: dict[str, int] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        """Return how many there are."""
        return sum(self.by_status.values())

    @property
    def success_rate(self) -> float | None:
        """Return the share that arrived in those whose fate is known; None without any."""
        known = self.accepted - self._count("sent")
        # Who complained has got the mail.
        return self._count("delivered", "complained") / known if known else None

    def share(self, status: str) -> float:
        """Return the share of one status in all that the provider accepted."""
        return self._count(status) / self.accepted if self.accepted else 0.0

    def _count(self, *statuses: str) -> int:
        return sum(self.by_status.get(status, 0) for status in statuses)
