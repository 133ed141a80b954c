"""The outbox in memory, with the guarantees of the SQL functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.email.letters.contents import Also
from wingman.notifications.email.models import ClaimedEmail, EmailResult, Outcome
from wingman.notifications.email.sending.repository import Outbox, SendGroupKey
from wingman.notifications.models import Due, Priority

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


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
    """A row of email_logs; `email` is the result of a claim."""

    email: ClaimedEmail
    priority: Priority = Priority.URGENT
    status: str = "pending"
    due_at: datetime = NOON
    lease_token: UUID | None = None
    lease_expires_at: datetime = NOON
    send_group: UUID | None = None
    group_position: int | None = None
    went_to: str | None = None
    enqueued_at: datetime | None = None
    result: EmailResult | None = None

    def claimable(self, now: datetime) -> bool:
        if self.status == "pending":
            return self.due_at <= now
        return self.status == "sending" and self.lease_expires_at <= now


@dataclass
class Lease:
    """Emails that a worker has claimed and not yet bound into a group."""

    expires_at: datetime
    ids: set[UUID] = field(default_factory=set)

    def runs(self, now: datetime) -> bool:
        return now < self.expires_at


class MemoryOutbox(Outbox):
    """Has the guarantees of the database: one winner, complete groups, fenced completion."""

    def __init__(self, clock: Clock) -> None:
        self.rows: dict[UUID, Row] = {}
        self.leases: dict[UUID, Lease] = {}
        self.paused: dict[Priority, tuple[datetime, str]] = {}
        self.before_group: Callable[[], None] = lambda: None
        self._clock = clock

    def add(self, email: ClaimedEmail, priority: Priority = Priority.URGENT) -> UUID:
        self.rows[email.id] = Row(email.model_copy(update={"priority": priority}), priority)
        return email.id

    def status(self, email_id: UUID) -> str:
        return self.rows[email_id].status

    def result(self, email_id: UUID) -> EmailResult:
        result = self.rows[email_id].result
        assert result is not None
        return result

    def claim(
        self, ids: Sequence[UUID], lease_seconds: int, limit: int | None = None
    ) -> list[ClaimedEmail]:
        now, token = self._clock(), uuid4()
        self.leases = {held: lease for held, lease in self.leases.items() if lease.runs(now)}
        wanted = self._named(ids) if limit is None else self._longest_due(ids, limit)
        for row in wanted:
            if row.send_group is None:
                self.leases.setdefault(token, Lease(now + timedelta(seconds=lease_seconds)))
                self.leases[token].ids.add(row.email.id)
            else:
                row.status, row.lease_token = "sending", token
                row.lease_expires_at = now + timedelta(seconds=lease_seconds)
        wanted.sort(key=lambda row: (row.send_group is None, str(row.send_group), _position(row)))
        return [_claimed(row, token) for row in wanted]

    def _free(self, row: Row) -> bool:
        held = any(row.email.id in lease.ids for lease in self.leases.values())
        return not held and row.claimable(self._clock()) and row.priority not in self.paused

    def _named(self, ids: Sequence[UUID]) -> list[Row]:
        groups = {self.rows[one].send_group for one in ids if one in self.rows} - {None}
        return [
            row
            for row in self.rows.values()
            if (row.send_group in groups if row.send_group else row.email.id in ids)
            and self._free(row)
        ]

    def _longest_due(self, ids: Sequence[UUID], limit: int) -> list[Row]:
        lane = next((self.rows[one].priority for one in ids if one in self.rows), None)
        due = [row for row in self.rows.values() if row.priority is lane and self._free(row)]
        due.sort(key=lambda row: row.due_at)
        if due and due[0].send_group is not None:
            return [row for row in due if row.send_group == due[0].send_group]
        return [row for row in due if row.send_group is None][:limit]

    def form_send_group(
        self, lease_token: UUID, addresses: Mapping[UUID, str]
    ) -> SendGroupKey | None:
        self.before_group()
        lease = self.leases.get(lease_token)
        if lease is None or not lease.runs(self._clock()):
            return None
        rows = [self.rows[one] for one in addresses if one in lease.ids]
        rows = [row for row in rows if row.status == "pending" and row.send_group is None]
        lease.ids -= set(addresses)
        if not rows:
            return None
        group = uuid4()
        for position, row in enumerate(rows):
            row.send_group, row.group_position = group, position
            row.went_to = addresses[row.email.id]
            row.status, row.lease_token = "sending", lease_token
            row.lease_expires_at = lease.expires_at
        return SendGroupKey(group, [row.email.id for row in rows])

    def collect(
        self, lease_token: UUID, into: UUID, ids: Sequence[UUID], also: Sequence[Also]
    ) -> bool:
        lease = self.leases.get(lease_token)
        rows = [self.rows[one] for one in (into, *ids)]
        if lease is None or not lease.runs(self._clock()) or not lease.ids >= {into, *ids}:
            return False
        if any(row.status != "pending" or row.send_group for row in rows):
            return False
        first, *others = rows
        facts = first.email.template_data | {"also": [one.model_dump() for one in also]}
        first.email = first.email.model_copy(update={"template_data": facts})
        for row in others:
            row.status = "skipped"
        lease.ids -= set(ids)
        return True

    def complete(self, lease_token: UUID, results: Sequence[EmailResult]) -> int:
        lease = self.leases.get(lease_token, Lease(NOON))
        held = [
            line
            for line in results
            if self.rows[line.id].lease_token == lease_token or line.id in lease.ids
        ]
        for result in held:
            lease.ids.discard(result.id)
            row = self.rows[result.id]
            row.result, row.lease_token, row.enqueued_at = result, None, None
            row.status = "pending" if result.outcome is Outcome.RETRY else result.outcome
            if result.outcome is Outcome.RETRY:
                assert result.retry_at is not None
                row.due_at = result.retry_at
                if result.postponed:
                    row.email = row.email.model_copy(update={"due_at": row.due_at})
                if not result.keep_group:
                    row.send_group = row.group_position = None
                counted = int(result.counts is not False)
                retries = row.email.retry_count + counted
                row.email = row.email.model_copy(update={"retry_count": retries})
        return len(held)

    def pause(self, lanes: Sequence[Priority], until: datetime, reason: str) -> None:
        self.paused |= dict.fromkeys(lanes, (until, reason))

    def sweep(self, limit: int) -> list[Due]:
        now = self._clock()
        due = [
            row
            for row in self.rows.values()
            if self._free(row)
            and (row.enqueued_at is None or row.enqueued_at <= now - timedelta(minutes=2))
        ]
        due.sort(key=lambda row: row.priority is Priority.BULK)
        for row in due[:limit]:
            row.enqueued_at = now
        return [Due(id=row.email.id, priority=row.priority) for row in due[:limit]]


def _position(row: Row) -> int:
    return row.group_position if row.group_position is not None else -1


def _address(row: Row) -> str:
    present = row.email.recipient_email
    return present if row.send_group is None or not present else row.went_to or ""


def _claimed(row: Row, token: UUID) -> ClaimedEmail:
    facts = {
        "lease_token": token,
        "send_group": row.send_group,
        "group_position": row.group_position,
        "recipient_email": _address(row),
    }
    return row.email.model_copy(update=facts)


class OutboxAway(MemoryOutbox):
    """Postgres is stopped."""

    def claim(self, *_: object) -> list[ClaimedEmail]:
        raise DependencyUnavailable("supabase")

    def sweep(self, *_: object) -> list[Due]:
        raise DependencyUnavailable("supabase")
