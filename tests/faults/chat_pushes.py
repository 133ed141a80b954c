"""The queue of pushes and its worker: messages come late, twice, in any order, or never.

The worker and the provider's sandbox are the real ones. The sweep runs at its usual interval.
"""

import json
import random
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self
from uuid import UUID, uuid4

import psycopg

from tests.support.fcm import FcmSandbox
from tests.support.functions import Function
from tests.support.people import Person
from wingman.kit.clients.database import get_service_client
from wingman.kit.clients.queue import queue
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.feed import service as feed
from wingman.notifications.push import service as pushes
from wingman.notifications.push.provider import Answer, PushProvider
from wingman.notifications.push.repository import DatabasePushes
from wingman.notifications.push.sweep import enqueue_due_pushes

WAIT_SECONDS = 30
SWEEP_SECONDS = 60
LATEST_SECONDS = 45
WORKER_SECONDS = 30
_AT_ONCE = 3
_MARKS = (
    "select user_id, greatest(received_seq, read_seq, hidden_seq)"
    " from private.conversation_members where match_id = %s"
)
# Makes pushes due that become due within the wait, which is shorter in the clients' time.
_TIME_PASSES = (
    "update public.notifications set due_at = now() where match_id = %s and seq is null"
    " and due_at > now() and due_at <= now() + make_interval(secs => %s)"
)
_ALL_TIME_PASSES = (
    "update private.pushes as push set due_at = least(push.due_at, now()), enqueued_at = null"
    " from public.notifications as listed where listed.id = push.notification_id"
    " and listed.match_id = %s and push.claimable_at is not null"
)
_OPEN = (
    "select exists (select from public.notifications as listed"
    " left join private.pushes as push on push.notification_id = listed.id"
    " where listed.match_id = %s and listed.kind = 'message'"
    " and (listed.seq is null or push.claimable_at is not null))"
)
_PUSHED = "select id, user_id, subject_revision from public.notifications where match_id = %s"
_NEWEST = (
    "select member.user_id, coalesce(max(message.seq), 0)"
    " from private.conversation_members as member left join public.messages as message"
    " on message.match_id = member.match_id and message.sender_id <> member.user_id"
    " where member.match_id = %s group by member.user_id"
)


class Troubles(Protocol):
    """Decides which messages meet which fault."""

    def loses_queue_message(self) -> bool: ...

    def repeats_queue_message(self) -> bool: ...

    def delays_queue_message(self) -> bool: ...

    def lets_overtake_queue_message(self) -> bool: ...


@dataclass(frozen=True)
class _Sent:
    """A push that the provider accepted; its reader had then received messages up to `received`."""

    notification_id: UUID
    received: int


class _Watched(PushProvider):
    """The provider's sandbox; records each push."""

    def __init__(self, real: PushProvider) -> None:
        self._real = real
        self.marks: Mapping[UUID, int] = {}
        self.sent: list[_Sent] = []

    def send(self, message: Mapping[str, Any]) -> Answer:
        facts = message["message"]["data"]
        received = self.marks.get(UUID(facts["user_id"]), 0)
        self.sent.append(_Sent(UUID(facts["notification_id"]), received))
        return self._real.send(message)


class PushQueue:
    """Takes what the functions enqueue for a conversation, and passes it to the worker."""

    def __init__(
        self, stack: Mapping[str, str], match_id: UUID, troubles: Troubles, *, speed: int
    ) -> None:
        self._match_id, self._troubles, self._speed = match_id, troubles, speed
        self._database = psycopg.connect(stack["DATABASE_URL"], autocommit=True)
        self._sandbox = FcmSandbox(stack["FCM_API_URL"])
        self._random = random.Random(0)  # noqa: S311 - not for secrets
        self._waiting: list[tuple[float, str]] = []
        self._held: list[str] = []
        self._adding = threading.Lock()
        self._is_over = threading.Event()
        self._thread = ThreadPoolExecutor(1)

    def start(self, worker: Function) -> None:
        """Work in a thread until the end, with the environment of this process."""
        self._worker = worker
        sender = pushes.sender()
        assert sender.provider is not None
        self._watched = _Watched(sender.provider)
        self._sender = replace(sender, provider=self._watched)
        self._running: Future[None] = self._thread.submit(self._work)

    @property
    def sender(self) -> pushes.Sender:
        return self._sender

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.shutdown()
        self._sandbox.__exit__()
        self._database.close()

    def accept(self, body: str) -> None:
        """Take a batch as SQS does: callers do not learn whether it is delivered."""
        for entry in json.loads(body)["Entries"]:
            if self._troubles.loses_queue_message():
                continue
            for _ in range(1 + self._troubles.repeats_queue_message()):
                late = self._troubles.delays_queue_message()
                seconds = entry.get("DelaySeconds", 0)
                seconds += self._random.random() * LATEST_SECONDS if late else 0
                self._add(seconds, entry["MessageBody"])

    def _add(self, seconds: float, body: str) -> None:
        with self._adding:
            self._waiting.append((time.monotonic() + seconds / self._speed, body))

    def _work(self) -> None:
        swept_at = time.monotonic()
        while not self._is_over.wait(0.1):
            waited = WAIT_SECONDS - WAIT_SECONDS / self._speed
            self._database.execute(_TIME_PASSES, [self._match_id, waited])
            self._deliver(self._ready(time.monotonic()))
            if time.monotonic() - swept_at > SWEEP_SECONDS / self._speed:
                self._sweep()
                swept_at = time.monotonic()

    def _ready(self, until: float) -> Sequence[str]:
        """Take some of the messages that are due; one of them may be held back for a later turn."""
        with self._adding:
            taken = sorted(each for each in self._waiting if each[0] <= until)[:_AT_ONCE]
            for each in taken:
                self._waiting.remove(each)
        bodies = [body for _, body in taken]
        if bodies and not self._held and self._troubles.lets_overtake_queue_message():
            self._held = [bodies.pop(0)]
        elif bodies or until == float("inf"):
            bodies, self._held = bodies + self._held, []
        return bodies

    def _deliver(self, bodies: Sequence[str]) -> None:
        if not bodies:
            return
        self._watched.marks = self._marks()
        records = {str(uuid4()): body for body in bodies}
        event = {"Records": [{"messageId": id_, "body": body} for id_, body in records.items()]}
        answer = self._worker.invoke(event, milliseconds=WORKER_SECONDS * 1000)
        for failed in answer["batchItemFailures"]:
            self._add(0, records[failed["itemIdentifier"]])

    def _sweep(self) -> None:
        database = get_service_client()
        with suppress(DependencyUnavailable):  # the next sweep follows
            feed.list_due(database)
            enqueue_due_pushes(DatabasePushes(database), queue())

    def _marks(self) -> dict[UUID, int]:
        return dict(self._database.execute(_MARKS, [self._match_id]).fetchall())

    def finish(self, *, seconds: float) -> None:
        """Lose what is in the queue, then deliver without faults until every push is settled."""
        self._is_over.set()
        self._running.result()
        self._waiting, self._held = [], []
        ends_at = time.monotonic() + seconds
        while self._database.execute(_OPEN, [self._match_id]).fetchall() == [(True,)]:
            assert time.monotonic() < ends_at, "pushes are left"
            self._database.execute(_TIME_PASSES, [self._match_id, WAIT_SECONDS])
            self._database.execute(_ALL_TIME_PASSES, [self._match_id])
            self._sweep()
            self._deliver(self._ready(float("inf")))

    def mistakes(self, *readers: Person) -> list[str]:
        """Return what is wrong with the pushes of readers with one phone each."""
        rows = self._database.execute(_PUSHED, [self._match_id]).fetchall()
        about = {id_: seq for id_, _, seq in rows}
        newest: dict[UUID, int] = dict(self._database.execute(_NEWEST, [self._match_id]).fetchall())
        marks = self._marks()
        found = [
            f"message {about[one.notification_id]} was pushed after {one.received} was received"
            for one in self._watched.sent
            if about.get(one.notification_id, 1 + one.received) <= one.received
        ]
        for reader in readers:
            pushed = self.pushed_to(reader)
            seqs = [about[id_] for id_ in pushed]
            if len(set(seqs)) < len(seqs):
                found.append(f"{reader.first_name} got a push twice: {seqs}")
            if len(self._sandbox.phone(str(reader.id))["shown"]) > 1:
                found.append(f"{reader.first_name} sees two notifications of one conversation")
            received, last = marks[reader.id], newest[reader.id]
            if received < last and seqs[-1:] != [last]:
                found.append(
                    f"{reader.first_name} received {received} of {last}; these were pushed: {seqs}"
                )
        return found

    def pushed_to(self, reader: Person) -> list[UUID]:
        """Return the notifications that the provider accepted for a reader's phone, in order."""
        accepted = self._sandbox.pushes(str(reader.id))
        return [UUID(one["data"]["notification_id"]) for one in accepted]
