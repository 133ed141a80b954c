"""Thousands of emails pass the real sender while everything goes wrong, in an order by a seed.

At the same time, readers opt out: by a click, a complaint, or deleting their account.

The database, PostgREST, Redis and the provider's sandbox are the stack's own. Senders are
processes, killed at random; the queue loses, repeats, reorders and delays messages; sweeps race
them; leases end during slow sends. Hours pass in seconds, because due times and leases are moved. A
seed repeats the random choices, not the machine's timing.
"""

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Self
from uuid import UUID

import httpx
import psycopg
from redis import Redis

from tests.faults.refusals import REFUSED, Refusals
from tests.faults.verdict import Acceptance, Facts, Outcome, mistake
from tests.support.people import People, Person
from tests.support.senders import SenderProcess

SENDERS = 5
LOST, REPEATED, KILLED, HURRIED, REVIVED = 0.1, 0.15, 0.5, 0.1, 0.3
CIRCUIT = "breaker:email"
COMES_DUE_WITHIN = 0.8
EMAILS_PER_READER = 10
LEFT = ("deleted", "the reader left")
# Chaos lasts at most this many times as long, until every kind of fault has occurred.
PATIENCE = 5
# The chance that one reader opts out in a round.
SAYS_NO = 0.4
# The faults that the provider's next request may meet.
FAULTS = ("lost_response", "lost_response", "error_500", "rate_limited", "timeout")
FAULTY = 0.35
GOES_WRONG = (
    *("messages lost", "messages repeated", "senders killed", "leases ended early"),
    *(f"fault: {mode}" for mode in sorted(set(FAULTS))),
    *REFUSED,
)


class Soak:
    """One run: emails, chaos, and the count afterwards."""

    def __init__(
        self, stack: Mapping[str, str], people: People, *, emails: int, seed: int, chaos: float
    ) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - to be repeated
        self.seed, self.emails, self.events = seed, emails, Counter[str]()
        self._stack = stack
        self._database = psycopg.connect(stack["DATABASE_URL"], autocommit=True)
        self._redis = Redis.from_url(stack["REDIS_URL"], decode_responses=True)
        self._provider = httpx.Client(base_url=stack["RESEND_API_URL"], timeout=60)
        self._queue: list[tuple[float, list[UUID]]] = []
        self._calm = False
        self._chaos = chaos
        readers = [people.new() for _ in range(emails // EMAILS_PER_READER)]
        self.refusals = Refusals(self._database, self.dice, readers, self.events)
        self.readers = self._record(readers, chaos)
        self.ids = list(self.readers)
        self._senders = [SenderProcess(stack, hurried=True) for _ in range(SENDERS)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for sender in self._senders:
            sender.kill()
        self._provider.delete("/_sandbox/faults")
        self._provider.post("/_sandbox/delay", json={"seconds": 0})
        self._redis.delete(CIRCUIT)
        self._redis.close()
        self._provider.close()
        self._database.close()

    def _record(self, readers: Sequence[Person], chaos: float) -> dict[UUID, UUID]:
        """Record the emails, two in three urgent; they become due one by one, so groups are small.

        A reader's emails are adjacent, so an opt-out affects few requests. Return the readers.
        """
        rows = self._database.execute(
            "insert into public.email_logs (user_id, email_template, recipient_email, dedupe_key,"
            " priority, enqueued_at, due_at, template_data) select reader.id, 'match_declined',"
            " reader.email, gen_random_uuid(), case n %% 3 when 0 then 'bulk' else 'urgent' end,"
            " now(),"
            " now() + n * make_interval(secs => %s),"
            " jsonb_build_object('partner_name', 'Leo', 'match_id', gen_random_uuid())"
            " from unnest(%s::uuid[], %s::text[]) with ordinality as reader (id, email, place)"
            " inner join generate_series(1, %s) as n on (n - 1) / %s = reader.place - 1"
            " returning email_logs.id, email_logs.user_id",
            (
                chaos * COMES_DUE_WITHIN / self.emails,
                [reader.id for reader in readers],
                [reader.email for reader in readers],
                *(self.emails, EMAILS_PER_READER),
            ),
        ).fetchall()
        return dict(rows)

    def run(self, *, seconds: float) -> Outcome:
        """Go on until every email is settled, for at most `seconds`; chaos comes first."""
        began = time.monotonic()
        self._enqueue(self.ids)
        with ThreadPoolExecutor(1) as sweeper:
            while (spent := time.monotonic() - began) < seconds and self._open():
                over = spent > PATIENCE * self._chaos
                self._calm = over or (spent > self._chaos and not self.missed())
                sweep = sweeper.submit(self._sweep)
                for _ in range(8):
                    self._upset_the_provider()
                    self._work()
                    time.sleep(0.03)
                self._let_time_pass()
                if (self._some_way_is_new() or self.dice.random() < SAYS_NO) and not self._calm:
                    self.refusals.one_more()
                sweep.result()
        return self._count(spent)

    def missed(self) -> list[str]:
        """Return the kinds of faults that have not occurred yet."""
        return [event for event in GOES_WRONG if not self.events[event]]

    def _some_way_is_new(self) -> bool:
        return not all(self.events[way] for way in REFUSED)

    def _open(self) -> bool:
        row = self._database.execute(
            "select exists (select 1 from public.email_logs where id = any(%s)"
            " and claimable_at is not null)",
            (self.ids,),
        ).fetchone()
        return bool(row and row[0])

    def _enqueue(self, ids: Sequence[UUID]) -> None:
        """Put ids into messages; some are lost, some come twice, each after a random delay."""
        at = 0
        while at < len(ids):
            size = self.dice.choice((1, 3, 10, 50, 100))
            chunk, at = list(ids[at : at + size]), at + size
            if self.dice.random() < LOST and not self._calm:
                self.events["messages lost"] += 1
                continue
            copies = 2 if self.dice.random() < REPEATED else 1
            self.events["messages repeated"] += copies - 1
            for _ in range(copies):
                self._queue.append((time.monotonic() + self.dice.random() * 2, chunk))

    def _sweep(self) -> None:
        with psycopg.connect(self._stack["DATABASE_URL"]) as connection:
            connection.execute("set local role service_role")
            found = connection.execute("select id from public.sweep_emails(300)").fetchall()
        self.events["swept"] += len(found)
        self._enqueue([row[0] for row in found])

    def _work(self) -> None:
        for sender in self._senders:
            sender.look()
            if sender.doomed:
                sender.restart()
                self.events["senders killed"] += 1
            ready = [item for item in self._queue if item[0] <= time.monotonic()]
            if ready and not sender.busy:
                message = self.dice.choice(ready)
                self._queue.remove(message)
                dies = self.dice.random() < KILLED and not self._calm
                sender.give(message[1], self.dice.random() * 0.3 if dies else None)
                self.events["messages delivered"] += 1

    def _upset_the_provider(self) -> None:
        if self._calm:
            self._provider.post("/_sandbox/delay", json={"seconds": 0})
            return
        waiting = self._provider.get("/_sandbox/faults").json()
        if not waiting and self.dice.random() < FAULTY:
            new = [mode for mode in FAULTS if not self.events[f"fault: {mode}"]]
            mode = self.dice.choice(new or FAULTS)
            self._provider.post("/_sandbox/faults", json={"mode": mode, "count": 1})
            self.events[f"fault: {mode}"] += 1
        if self.dice.random() < 0.1:
            slow = self.dice.choice((0, 0, 0.1, 0.7))
            self._provider.post("/_sandbox/delay", json={"seconds": slow})

    def _let_time_pass(self) -> None:
        """Let hours pass: retries become due; pauses and leases end, also those of slow senders."""
        # Locked rows are skipped: waiting for them can deadlock with a transaction that locks two.
        self._database.execute(
            "update public.email_logs set due_at = least(due_at, now()), enqueued_at = null"
            " where id in (select id from public.email_logs where id = any(%s)"
            " and case delivery_status"
            " when 'pending' then enqueued_at is null or due_at <= now()"
            # After a lost message, the sweep would enqueue the email again, minutes later.
            " when 'sending' then lease_expires_at <= now() end"
            " for update skip locked)",
            (self.ids,),
        )
        if self.dice.random() < REVIVED:
            self._revive()
        if self.dice.random() < HURRIED and not self._calm:
            self.events["leases ended early"] += self._database.execute(
                "update public.email_logs set lease_expires_at = now() where id in (select id"
                " from public.email_logs where id = any(%s) and delivery_status = 'sending'"
                " for update skip locked)",
                (self.ids,),
            ).rowcount
            self._database.execute("update private.email_leases set expires_at = now()")

    def _revive(self) -> None:
        """End the pauses of lanes and the open circuit of the provider."""
        self.events["pauses"] += self._database.execute(
            "update private.email_lanes set paused_until = null, paused_reason = null"
            " where paused_until is not null"
        ).rowcount
        stored = self._redis.get(CIRCUIT)
        if stored and json.loads(str(stored))["state"] == "open":
            self._redis.delete(CIRCUIT)
            self.events["breaker open"] += 1

    def _count(self, seconds: float) -> Outcome:
        accepted: dict[UUID, list[Acceptance]] = defaultdict(list)
        for tag, at, key in self._provider.get("/_sandbox/journal").json()["accepted"]:
            if tag:  # other tests' emails have none
                accepted[UUID(tag)].append(Acceptance(datetime.fromisoformat(at), key))
        rows = self._database.execute(
            "select id, delivery_status, error_message from public.email_logs where id = any(%s)",
            (self.ids,),
        ).fetchall()
        logged = {row[0]: (row[1], row[2]) for row in rows}
        outcome = Outcome(self.seed, self.emails, seconds)
        outcome.events = self.events
        shrunk = {
            taken.key
            for email, reader in self.readers.items()
            if logged.get(email, LEFT)[0] in self.refusals.ends(reader)
            for taken in accepted[email]
        }
        for email, reader in self.readers.items():
            status, reason = logged.get(email, LEFT)
            outcome.statuses[status] += 1
            copies, ends = accepted[email], self.refusals.ends(reader)
            late = any(self.refusals.came_too_late(reader, taken.at) for taken in copies)
            is_shrunk = any(taken.key in shrunk for taken in copies)
            facts = Facts(status, reason, len(copies), ends, late=late, shrunk=is_shrunk)
            wrong = mistake(facts)
            if wrong:
                outcome.mistakes.setdefault(wrong, []).append(str(email))
        return outcome
