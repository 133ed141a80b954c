"""Requests without a token from one address, beside those of another user.

Each container is a process. On Lambda, each has its own processor; here they share those of one
machine, so they pause between requests.
"""

import json
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from statistics import median
from typing import Any, NamedTuple
from uuid import uuid4

from redis import Redis

from tests.faults.containers import Answer, Container, Load, together
from tests.support.people import Person
from tests.support.template import ROOT

# Any call to this database would be a 503.
NO_DATABASE = "http://127.0.0.1:9"
# Slow enough to stay within a user's limits.
USER_PAUSE = 0.5
WARM_UP, ALONE = 5, 12


class Outcome(NamedTuple):
    """The answers to the flood, its calls to Redis, and the user's median seconds."""

    statuses: Counter[int]
    redis_calls: int
    seconds: float
    alone: float
    beside: float

    @property
    def slower(self) -> float:
        return self.beside / self.alone


def flood(
    stack: Mapping[str, str],
    user: Person,
    *,
    containers: int,
    requests: int,
    pause: float,
    rounds: int = 1,
) -> Outcome:
    """Send `requests` from each container in several rounds, and measure another user."""
    theirs, nothing = _event(user.token), _event(None)
    with ExitStack() as running, Redis.from_url(stack["REDIS_URL"]) as redis:
        one = running.enter_context(Container("match_request", stack))
        together([one], [Load([theirs], times=WARM_UP)])
        many: list[Container] = []
        for _ in range(containers):
            many.append(
                running.enter_context(Container("match_request", stack, SUPABASE_URL=NO_DATABASE))
            )
            together(many[-1:], [Load([nothing], times=1)])  # one start at a time
        [alone] = together([one], [Load([theirs], times=ALONE, pause=USER_PAUSE / 2)])
        before, began = _scripts(redis), time.monotonic()
        beside: list[Answer] = []
        sent: list[Answer] = []
        for _ in range(rounds):
            loads = [Load([nothing], times=requests, pause=pause)] * containers
            user_load = Load([theirs], times=round(requests * pause / USER_PAUSE), pause=USER_PAUSE)
            first, *rest = together([one, *many], [user_load, *loads])
            beside += first
            sent += [answer for answers in rest for answer in answers]
        assert {answer.status for answer in (*alone, *beside)} == {200}
        return Outcome(
            Counter(answer.status for answer in sent),
            _scripts(redis) - before - len(beside),
            time.monotonic() - began,
            median(answer.seconds for answer in alone),
            median(answer.seconds for answer in beside),
        )


def _event(token: str | None) -> dict[str, Any]:
    text = (ROOT / "events" / "match_request" / "list.json").read_text()
    event: dict[str, Any] = json.loads(text.replace("{{access_token}}", token or ""))
    event["requestContext"]["http"]["sourceIp"] = f"client-{uuid4()}"
    if token is None:
        del event["headers"]["authorization"]
    return event


def _scripts(redis: "Redis") -> int:
    """Return how many scripts Redis has run, the limiter's among them."""
    return int(redis.info("commandstats")["cmdstat_evalsha"]["calls"])
