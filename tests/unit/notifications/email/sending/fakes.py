"""An outbox and a provider in memory, with the guarantees of the real ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from local.emails.kinds import Kind, kinds
from tests.unit.notifications.email.sending.memory_outbox import (
    NOON,
    Clock,
    MemoryOutbox,
    OutboxAway,
    Row,
)
from wingman.kit.clients.queue import Queue
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.letters.links import Links
from wingman.notifications.email.letters.rendering import Renderer
from wingman.notifications.email.models import Category, ClaimedEmail
from wingman.notifications.email.sending.bucket import Bucket, Slot
from wingman.notifications.email.sending.delivery import Sender
from wingman.notifications.email.sending.provider import BatchReply, EmailProvider, OutgoingEmail
from wingman.notifications.email.sending.rules import Reply
from wingman.notifications.models import Priority

__all__ = ["NOON", "Clock", "MemoryOutbox", "OutboxAway", "Row"]

URGENT_URL, BULK_URL = "http://queues.test/urgent", "http://queues.test/bulk"
PUSH_URL = "http://queues.test/push"


class Killed(BaseException):
    """The process was killed."""


LOST = BatchReply(Reply.UNKNOWN, error="HttpClientError")
"""The provider accepts the request, but its answer is lost."""


@dataclass
class MemoryProvider(EmailProvider):
    """Remembers idempotency keys as Resend does; each request first uses one of `faults`."""

    faults: list[BatchReply | type[BaseException]] = field(default_factory=list)
    poison: set[UUID] = field(default_factory=set)
    inbox: list[OutgoingEmail] = field(default_factory=list)
    requests: list[tuple[str, list[OutgoingEmail]]] = field(default_factory=list)
    spoils_whole_request: bool = False
    _first: dict[str, tuple[list[OutgoingEmail], BatchReply]] = field(default_factory=dict)

    def send_batch(self, messages: Sequence[OutgoingEmail], idempotency_key: str) -> BatchReply:
        self.requests.append((idempotency_key, list(messages)))
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, BatchReply) and fault is not LOST:
            return fault
        reply = self._accept(list(messages), idempotency_key)
        if fault is LOST:
            return LOST
        if isinstance(fault, type):
            raise fault
        return reply

    def _accept(self, messages: list[OutgoingEmail], key: str) -> BatchReply:
        if key in self._first:
            body, reply = self._first[key]
            return reply if body == messages else BatchReply(Reply.KEY_CONFLICT, error="conflict")
        bad = {at: "bad" for at, email in enumerate(messages) if email.email_id in self.poison}
        if bad and self.spoils_whole_request:
            return BatchReply(Reply.REJECTED, error="validation_error")
        good = {at: f"re_{email.email_id}" for at, email in enumerate(messages) if at not in bad}
        self.inbox += [messages[at] for at in good]
        reply = BatchReply(Reply.ACCEPTED, good, bad)
        self._first[key] = (messages, reply)
        return reply


@dataclass
class MemoryBucket(Bucket):
    """Grants `slots` in order, then every request; records reservations and learned limits."""

    slots: list[Slot] = field(default_factory=list)
    asked: list[tuple[Priority, float]] = field(default_factory=list)
    learned: list[tuple[int | None, float]] = field(default_factory=list)

    def reserve(self, priority: Priority, patience: float) -> Slot:
        self.asked.append((priority, patience))
        return self.slots.pop(0) if self.slots else Slot(granted=True, seconds=0)

    def learn(self, *, per_second: int | None, hold: float) -> None:
        self.learned.append((per_second, hold))


class MemoryQueue(Queue):
    def __init__(self, *, broken: bool = False) -> None:
        self.sent: list[tuple[str, list[Mapping[str, object]]]] = []
        self.delays: list[int] = []
        self._broken = broken

    def send(
        self, queue_url: str, bodies: Sequence[Mapping[str, object]], *, delay_seconds: int = 0
    ) -> None:
        if self._broken:
            raise DependencyUnavailable("sqs")
        self.sent.append((queue_url, list(bodies)))
        self.delays.append(delay_seconds)

    def ids(self, queue_url: str) -> list[str]:
        bodies = [body for url, sent in self.sent if url == queue_url for body in sent]
        return [str(one) for body in bodies for one in _ids(body)]


def _ids(body: Mapping[str, object]) -> list[Any]:
    ids = body["email_ids"]
    assert isinstance(ids, list)
    return ids


class Context:
    """A Lambda context with `seconds` left."""

    def __init__(self, seconds: float = 60) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1000)


@dataclass
class House:
    clock: Clock
    outbox: MemoryOutbox
    provider: MemoryProvider
    bucket: MemoryBucket
    naps: list[float]
    sender: Sender


def house(outbox: type[MemoryOutbox] = MemoryOutbox) -> House:
    clock, provider, naps = Clock(), MemoryProvider(), list[float]()
    memory = outbox(clock)
    renderer = Renderer(
        Brand(), "https://app.test", Links("https://api.test", "a secret, long enough")
    )
    bucket = MemoryBucket()
    sender = Sender(memory, provider, bucket, renderer, 60, clock, naps.append)
    return House(clock, memory, provider, bucket, naps, sender)


def invitation(**overrides: Any) -> ClaimedEmail:
    """Return an invitation from Leo to Maya, or an email of another kind."""
    template = overrides.get("email_template", "match_invitation")
    unknown = Kind(Category.MATCH_NOTIFICATIONS, Priority.URGENT, can_wait=False)
    kind = kinds().get(template, unknown)
    facts: dict[str, Any] = {
        "id": uuid4(),
        "user_id": uuid4(),
        "lease_token": UUID(int=0),
        "email_template": template,
        "recipient_email": "maya@example.com",
        "recipient_first_name": "Maya",
        "timezone": "Europe/Berlin",
        "created_at": NOON,
        "category": kind.category,
        "priority": kind.lane,
        "wanted": True,
        "can_wait": kind.can_wait,
        "holds": True,
        "template_data": {
            "match_id": "6f1c0f0e-0000-4000-8000-000000000001",
            "inviter_name": "Leo",
            "venue_suggestion": "Café Kranzler, upstairs",
            "note": "Coffee and a walk with the cameras?",
            "expires_at": "2026-11-22T17:00:00+00:00",
        },
    }
    return ClaimedEmail(**facts | overrides)


def reminder(template: str, **overrides: Any) -> ClaimedEmail:
    """Return a reminder of a meeting with Leo a day after NOON, or another email about it."""
    data = {
        "session_id": "6f1c0f0e-0000-4000-8000-000000000002",
        "partner_name": "Leo",
        "venue_name": "Café Kranzler, upstairs",
        "scheduled_time": (NOON + timedelta(days=1)).isoformat(),
    }
    return invitation(email_template=template, **{"template_data": data} | overrides)
