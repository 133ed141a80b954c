"""An email backlog at a rate-limited provider: how fast it drains, and how urgent email passes.

The senders are real, one process for each container that the deployment allows a lane. The
provider's sandbox records what it accepted, and when.
"""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
import psycopg
from redis import Redis

from tests.support.senders import SenderProcess
from tests.support.template import default, template
from wingman.notifications.email.sending.bucket import KEY
from wingman.notifications.models import MAX_BATCH

PER_SECOND = 2
LATENCY = 0.1
_EMAILS_PER_READER = 10
# The sandbox accepts the emails of one request within milliseconds.
_BETWEEN_REQUESTS = 0.03
_ADDRESSES = "%@backlog.example.com"


@dataclass(frozen=True)
class Drain:
    """The requests that the provider took in the measured time, and its refusals."""

    emails: int
    seconds: float
    refusals: int

    @property
    def share(self) -> float:
        """The used share of the provider's limit."""
        return self.emails / self.seconds / (PER_SECOND * MAX_BATCH)


class Backlog:
    """A backlog in the bulk lane, senders for both lanes, and a provider with a limit."""

    def __init__(self, stack: Mapping[str, str], emails: int) -> None:
        self._stack, self._emails = stack, emails
        self._held = ExitStack()

    def __enter__(self) -> Self:
        hold = self._held.enter_context
        self._provider = hold(httpx.Client(base_url=self._stack["RESEND_API_URL"], timeout=60))
        self._database = hold(psycopg.connect(self._stack["DATABASE_URL"], autocommit=True))
        self._redis = hold(Redis.from_url(self._stack["REDIS_URL"]))
        self._held.callback(self._forget)
        self._ids = self._record()
        self._senders = {lane: self._crew(lane) for lane in ("Bulk", "Urgent")}
        self._warm()
        self._limit(PER_SECOND, LATENCY)
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def _forget(self) -> None:
        self._limit(None, 0)
        self._database.execute("delete from auth.users where email like %s", (_ADDRESSES,))

    def _limit(self, per_second: int | None, latency: float) -> None:
        self._provider.post("/_sandbox/limit", json={"requests_per_second": per_second})
        self._provider.post("/_sandbox/delay", json={"seconds": latency})
        self.forget_refusals()

    def _record(self) -> list[UUID]:
        self._database.execute(
            "insert into auth.users (email, email_confirmed_at)"
            " select n || %s, now() from generate_series(1, %s) as n",
            (_ADDRESSES.lstrip("%"), self._emails // _EMAILS_PER_READER),
        )
        return self._insert("bulk", _EMAILS_PER_READER)

    def _insert(self, lane: str, each: int, readers: int | None = None) -> list[UUID]:
        rows = self._database.execute(
            "insert into public.email_logs (user_id, email_template, recipient_email, dedupe_key,"
            " priority, enqueued_at, template_data) select reader.id, 'match_declined',"
            " reader.email, gen_random_uuid(), %s, now(),"
            " jsonb_build_object('partner_name', 'Leo', 'match_id', gen_random_uuid())"
            " from (select id, email from public.user_profiles where email like %s limit %s)"
            " as reader cross join generate_series(1, %s) returning id",
            (lane, _ADDRESSES, readers, each),
        ).fetchall()
        return [row[0] for row in rows]

    def _crew(self, lane: str) -> list[SenderProcess]:
        source = template()["Resources"]["EmailSenderFunction"]["Properties"]["Events"][lane]
        size = default(source["Properties"]["ScalingConfig"]["MaximumConcurrency"])
        crew = [SenderProcess(self._stack) for _ in range(size)]
        for sender in crew:
            self._held.callback(sender.kill)
        return crew

    def _warm(self) -> None:
        """Run each sender once without work: cold starts have their own table."""
        crew = [*self._senders["Bulk"], *self._senders["Urgent"]]
        for sender in crew:
            sender.give([uuid4()])
        while any(sender.busy for sender in crew):
            time.sleep(0.05)
            for sender in crew:
                sender.look()

    def drain(self, seconds: float) -> Drain:
        """Send the backlog for this long."""
        self._go_on(2 / PER_SECOND)
        before, began = self._refusals(), time.time()
        self._go_on(seconds)
        refusals = self._refusals() - before
        accepted = sorted(at for _, at in self._accepted() if at >= began)
        # From the start of the first request to the start of the last.
        requests = [at for was, at in pairwise(accepted) if at - was > _BETWEEN_REQUESTS]
        first, last = requests[0], requests[-1]
        return Drain(sum(first <= at < last for at in accepted), last - first, refusals)

    def forget_refusals(self) -> None:
        """Reset the shared bucket, so that the senders begin at the default pace."""
        self._redis.delete(KEY)

    def urgent(self, emails: int) -> list[float]:
        """Record urgent emails behind the backlog, one by one; return the seconds to accepted."""
        return [self._urgent() for _ in range(emails)]

    def _urgent(self) -> float:
        recorded = time.time()
        [email] = self._insert("urgent", 1, readers=1)
        sender = next(one for one in self._senders["Urgent"] if not one.busy)
        sender.give([email])
        while sender.busy:
            self._go_on(0.1)
        return dict(self._accepted()).get(str(email), float("inf")) - recorded

    def _go_on(self, seconds: float) -> None:
        """Keep every sender of the bulk lane busy, as its queue does."""
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            for sender in [*self._senders["Bulk"], *self._senders["Urgent"]]:
                sender.look()
            for sender in self._senders["Bulk"]:
                if not sender.busy:
                    message, self._ids = self._ids[: 5 * MAX_BATCH], self._ids[5 * MAX_BATCH :]
                    sender.give(message)
            time.sleep(0.02)

    def _accepted(self) -> list[tuple[str, float]]:
        journal: list[list[Any]] = self._journal()["accepted"]
        return [(tag, datetime.fromisoformat(at).timestamp()) for tag, at, _ in journal]

    def _refusals(self) -> int:
        answers: dict[str, int] = self._journal()["answers"]
        return answers.get("429", 0)

    def _journal(self) -> dict[str, Any]:
        found: dict[str, Any] = self._provider.get("/_sandbox/journal").json()
        return found
