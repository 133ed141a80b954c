"""An outbox and a provider in memory, with the guarantees of the real ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from wingman.emails.brand import Brand
from wingman.emails.delivery import Sender
from wingman.emails.models import ClaimedEmail, EmailRef, EmailResult, Outcome, Priority
from wingman.emails.provider import BatchReply, EmailProvider, OutgoingEmail
from wingman.emails.rendering import Renderer
from wingman.emails.repository import Outbox
from wingman.emails.rules import Reply
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.queue import Queue

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
URGENT_URL, BULK_URL = "http://queues.test/urgent", "http://queues.test/bulk"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **units: float) -> None:
        self.now += timedelta(**units)


@dataclass
class Row:
    """A line of email_logs."""

    email: ClaimedEmail
    priority: Priority = Priority.URGENT
    status: str = "pending"
    due_at: datetime = NOON
    lease_token: UUID | None = None
    lease_expires_at: datetime = NOON
    send_group: UUID | None = None
    group_position: int | None = None
    enqueued_at: datetime | None = None
    result: EmailResult | None = None

    def claimable(self, now: datetime) -> bool:
        if self.status == "pending":
            return self.due_at <= now
        return self.status == "sending" and self.lease_expires_at <= now


class MemoryOutbox(Outbox):
    """Keeps the promises of the migrations: one winner, whole groups, fenced completion."""

    def __init__(self, clock: Clock) -> None:
        self.rows: dict[UUID, Row] = {}
        self.before_group: Callable[[], None] = lambda: None
        self._clock = clock

    def add(self, email: ClaimedEmail, priority: Priority = Priority.URGENT) -> UUID:
        self.rows[email.id] = Row(email, priority)
        return email.id

    def status(self, email_id: UUID) -> str:
        return self.rows[email_id].status

    def result(self, email_id: UUID) -> EmailResult:
        result = self.rows[email_id].result
        assert result is not None
        return result

    def claim(self, ids: Sequence[UUID], lease_seconds: int) -> list[ClaimedEmail]:
        now, token = self._clock(), uuid4()
        groups = {self.rows[one].send_group for one in ids if one in self.rows} - {None}
        taken = []
        for row in self.rows.values():
            wanted = row.send_group in groups if row.send_group else row.email.id in ids
            if wanted and row.claimable(now):
                row.status, row.lease_token = "sending", token
                row.lease_expires_at = now + timedelta(seconds=lease_seconds)
                taken.append(row)
        taken.sort(key=lambda row: (row.send_group is None, str(row.send_group), _position(row)))
        return [_claimed(row) for row in taken]

    def start_send_group(self, lease_token: UUID, ids: Sequence[UUID]) -> UUID | None:
        self.before_group()
        rows = [self.rows[one] for one in ids]
        held = [
            row.lease_token == lease_token
            and row.status == "sending"
            and row.lease_expires_at > self._clock()
            and row.send_group is None
            for row in rows
        ]
        if not all(held):
            return None
        group = uuid4()
        for position, row in enumerate(rows):
            row.send_group, row.group_position = group, position
        return group

    def complete(self, lease_token: UUID, results: Sequence[EmailResult]) -> int:
        held = [line for line in results if self.rows[line.id].lease_token == lease_token]
        for result in held:
            row = self.rows[result.id]
            row.result, row.lease_token, row.enqueued_at = result, None, None
            row.status = "pending" if result.outcome is Outcome.RETRY else result.outcome
            if result.outcome is Outcome.RETRY:
                assert result.retry_at is not None
                row.due_at = result.retry_at
                if not result.keep_group:
                    row.send_group = row.group_position = None
                counted = int(result.counts is not False)
                retries = row.email.retry_count + counted
                row.email = row.email.model_copy(update={"retry_count": retries})
        return len(held)

    def sweep(self, limit: int) -> list[EmailRef]:
        now = self._clock()
        due = [
            row
            for row in self.rows.values()
            if row.claimable(now)
            and (row.enqueued_at is None or row.enqueued_at <= now - timedelta(minutes=2))
        ]
        due.sort(key=lambda row: row.priority is Priority.BULK)
        for row in due[:limit]:
            row.enqueued_at = now
        return [EmailRef(id=row.email.id, priority=row.priority) for row in due[:limit]]


def _position(row: Row) -> int:
    return row.group_position if row.group_position is not None else -1


def _claimed(row: Row) -> ClaimedEmail:
    facts = {
        "lease_token": row.lease_token,
        "send_group": row.send_group,
        "group_position": row.group_position,
    }
    return row.email.model_copy(update=facts)


class OutboxAway(MemoryOutbox):
    """Postgres is stopped."""

    def claim(self, *_: object) -> list[ClaimedEmail]:
        raise DependencyUnavailable("supabase")

    def sweep(self, *_: object) -> list[EmailRef]:
        raise DependencyUnavailable("supabase")


class Killed(BaseException):
    """The process is gone."""


LOST = BatchReply(Reply.UNKNOWN, error="HttpClientError")
"""The provider takes the request and the answer never arrives."""


@dataclass
class MemoryProvider(EmailProvider):
    """Remembers keys like the real one; `faults` are used up first, one per request."""

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
        bad = {at: "bad" for at, mail in enumerate(messages) if mail.email_id in self.poison}
        if bad and self.spoils_whole_request:
            return BatchReply(Reply.REJECTED, error="validation_error")
        good = {at: f"re_{mail.email_id}" for at, mail in enumerate(messages) if at not in bad}
        self.inbox += [messages[at] for at in good]
        reply = BatchReply(Reply.ACCEPTED, good, bad)
        self._first[key] = (messages, reply)
        return reply


class MemoryQueue(Queue):
    """Keeps what was sent."""

    def __init__(self, *, broken: bool = False) -> None:
        self.sent: list[tuple[str, list[Mapping[str, object]]]] = []
        self._broken = broken

    def send(self, queue_url: str, bodies: Sequence[Mapping[str, object]]) -> None:
        if self._broken:
            raise DependencyUnavailable("sqs")
        self.sent.append((queue_url, list(bodies)))

    def ids(self, queue_url: str) -> list[str]:
        bodies = [body for url, sent in self.sent if url == queue_url for body in sent]
        return [str(one) for body in bodies for one in _ids(body)]


def _ids(body: Mapping[str, object]) -> list[Any]:
    ids = body["email_ids"]
    assert isinstance(ids, list)
    return ids


class Context:
    """A Lambda context with so many seconds left."""

    def __init__(self, seconds: float = 60) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1000)


@dataclass
class House:
    """A sender and all that it works with."""

    clock: Clock
    outbox: MemoryOutbox
    provider: MemoryProvider
    naps: list[float]
    sender: Sender


def house(outbox: type[MemoryOutbox] = MemoryOutbox) -> House:
    clock, provider, naps = Clock(), MemoryProvider(), list[float]()
    memory = outbox(clock)
    renderer = Renderer(Brand(), "https://app.test")
    sender = Sender(memory, provider, renderer, 60, clock, naps.append)
    return House(clock, memory, provider, naps, sender)


def invitation(**overrides: Any) -> ClaimedEmail:
    """An invitation from Leo to Maya."""
    facts: dict[str, Any] = {
        "id": uuid4(),
        "lease_token": UUID(int=0),
        "email_template": "match_invitation",
        "recipient_email": "maya@example.com",
        "recipient_first_name": "Maya",
        "timezone": "Europe/Berlin",
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
    """A reminder of a meeting with Leo, a day after NOON."""
    data = {
        "session_id": "6f1c0f0e-0000-4000-8000-000000000002",
        "partner_name": "Leo",
        "venue_name": "Café Kranzler, upstairs",
        "scheduled_time": (NOON + timedelta(days=1)).isoformat(),
    }
    return invitation(email_template=template, template_data=data, **overrides)
