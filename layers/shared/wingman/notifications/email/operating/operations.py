"""What an operator of the mail sees and does: `make mail-status`, `make dead-letters`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, TypeAdapter

from wingman.kit.clients.database import Database
from wingman.kit.observability import measure
from wingman.notifications.email.models import EmailRef, Frozen, Priority

# One bounce among ten mails says nothing about a rate.
_ENOUGH_FOR_A_RATE = 50


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
    mails: int = 0
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


_LANES = TypeAdapter(list[Lane])
_DEAD_LETTERS = TypeAdapter(list[DeadLetter])
_COUNTS = TypeAdapter(list[DeadLetters])
_REFS = TypeAdapter(list[EmailRef])


def lanes(database: Database) -> list[Lane]:
    """Look at both lanes, the urgent one first."""
    return _LANES.validate_python(database.rpc("show_lanes", {}))


def deliveries(database: Database, hours: int) -> Deliveries:
    """Count what became of the mails of the last hours."""
    rows = database.rpc("count_deliveries", {"p_hours": hours})
    return Deliveries({row["delivery_status"]: row["mails"] for row in rows})


def dead_letter_counts(database: Database) -> list[DeadLetters]:
    """Count given-up (`failed`) and `unknown` mails."""
    counted = _COUNTS.validate_python(database.rpc("count_dead_letters", {}))
    by_status = {one.delivery_status: one for one in counted}
    return [
        by_status.get("failed", DeadLetters(delivery_status="failed")),
        by_status.get("unknown", DeadLetters(delivery_status="unknown")),
    ]


def dead_letters(database: Database, limit: int, template: str | None = None) -> list[DeadLetter]:
    """List dead letters, the newest first."""
    params = {"p_limit": limit, "p_template": template}
    return _DEAD_LETTERS.validate_python(database.rpc("list_dead_letters", params))


def dead_letter(database: Database, email_id: UUID) -> dict[str, Any] | None:
    """Read all that is known of one dead letter, its recipient's name hidden."""
    found: dict[str, Any] | None = database.rpc("show_dead_letter", {"p_id": str(email_id)})
    return found


def replay(
    database: Database,
    *,
    email_ids: Sequence[UUID] | None = None,
    template: str | None = None,
    limit: int = 1000,
) -> list[EmailRef]:
    """Put dead letters back into the outbox: those that the provider never took, and no other."""
    ids = None if email_ids is None else [str(one) for one in email_ids]
    params = {"p_ids": ids, "p_template": template, "p_limit": limit}
    return _REFS.validate_python(database.rpc("replay_dead_letters", params))


def resume(database: Database, priorities: Sequence[Priority]) -> int:
    """End the pause of lanes; counts those that were paused."""
    return int(database.rpc("resume_emails", {"p_priorities": list(priorities)}))


def report(database: Database) -> None:
    """Write the lanes and the dead letters as metrics, for the alarms."""
    for lane in lanes(database):
        name = str(lane.priority)
        measure("EmailQueueDepth", [lane.depth], "Count", lane=name)
        measure("EmailQueueAge", [lane.oldest_seconds], "Seconds", lane=name)
        measure("EmailLanePaused", [int(lane.paused_until is not None)], "Count", lane=name)
    for dead in dead_letter_counts(database):
        measure("EmailGivenUp", [dead.within_an_hour], "Count", status=dead.delivery_status)


def report_rates(database: Database) -> int:
    """Write the day's bounces, complaints and successes as metrics, in per cent; count its mails.

    The first two are shares of what the provider took, the last one of those whose fate is known.
    """
    day = deliveries(database, hours=24)
    if day.accepted < _ENOUGH_FOR_A_RATE:
        return day.accepted
    for name, status in (("EmailBounceRate", "bounced"), ("EmailComplaintRate", "complained")):
        measure(name, [100 * day.share(status)], "Percent")
    if day.success_rate is not None:
        measure("EmailSuccessRate", [100 * day.success_rate], "Percent")
    return day.accepted
