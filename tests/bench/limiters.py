"""Our limiter and upstash-ratelimit on the same Redis, behind the same HTTP front.

A request is checked against several buckets: its user's, its IP's, everyone's.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from statistics import median
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import httpx

from tests.bench.references import find_references
from wingman.kit.clients.redis import redis
from wingman.kit.limits import limiter as ratelimit
from wingman.kit.limits.limiter import Limiter
from wingman.kit.limits.policy import Policy

Check = Callable[[str], bool]
"""Checks one request of a user; returns whether it may go on."""

ROOMY = 1_000_000
"""A capacity that no caller exhausts."""


class Ours:
    """The kit's limiter in one container; the first bucket is the user's, the others are shared."""

    def __init__(self, *capacities: int, interval: float = 1.0) -> None:
        self._limiter = Limiter(redis())
        self._policies = [
            Policy(str(uuid4()), capacity, interval, "user") for capacity in capacities
        ]

    def check(self, user: str, *, ahead: float = 0.0) -> bool:
        clock = SimpleNamespace(monotonic=lambda: time.monotonic() + ahead)
        with patch.object(ratelimit, "time", clock) if ahead else contextlib.nullcontext():
            verdicts = self._limiter.take(self._buckets(user))
        return all(verdict.allowed for verdict in verdicts)

    def another_container(self) -> "Ours":
        twin = Ours()
        twin._policies = self._policies
        return twin

    def left(self, user: str) -> list[int]:
        looks = Limiter(redis()).take(self._buckets(user), cost=0)
        return [look.remaining for look in looks]

    def _buckets(self, user: str) -> Mapping[str, Policy]:
        user_policy, *shared = self._policies
        return {user_policy.key(user): user_policy} | {each.key("all"): each for each in shared}


class Theirs:
    """upstash-ratelimit's token buckets, checked in sequence until the first refusal."""

    def __init__(
        self, environment: Mapping[str, str], *capacities: int, interval: float = 1.0
    ) -> None:
        find_references()
        from upstash_ratelimit import Ratelimit, TokenBucket, utils
        from upstash_redis import Redis

        self._utils = utils
        # Redis does not know the flag in the script's first line, which is Upstash's own.
        TokenBucket.SCRIPT = TokenBucket.SCRIPT.removeprefix("#!lua flags=allow-key-locking")
        client = Redis(
            environment["UPSTASH_REDIS_REST_URL"],
            environment["UPSTASH_REDIS_REST_TOKEN"],
            rest_retries=0,
            allow_telemetry=False,
        )
        self._limits = [
            Ratelimit(client, TokenBucket(capacity, 1, round(interval * 1000), "ms"), str(uuid4()))
            for capacity in capacities
        ]

    def check(self, user: str, *, ahead: float = 0.0) -> bool:
        """Check one request, in a container whose clock is `ahead` of the others (seconds)."""
        clock = SimpleNamespace(time=lambda: time.time() + ahead)
        with patch.object(self._utils, "time", clock) if ahead else contextlib.nullcontext():
            return all(limit.limit(subject).allowed for limit, subject in self._asked(user))

    def another_container(self) -> "Theirs":
        return self  # a container remembers nothing

    def left(self, user: str) -> list[int]:
        return [limit.get_remaining(subject) for limit, subject in self._asked(user)]

    def _asked(self, user: str) -> list[tuple[Any, str]]:
        user_limit, *shared = self._limits
        return [(user_limit, user), *((limit, "all") for limit in shared)]


@contextlib.contextmanager
def round_trips() -> Iterator[list[str]]:
    """Collect the HTTP requests that this process sends."""
    seen: list[str] = []
    send = httpx.HTTPTransport.handle_request

    def counted(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return send(transport, request)

    with patch.object(httpx.HTTPTransport, "handle_request", counted):
        yield seen


def times_faster(ours: Check, theirs: Check, *, rounds: int, requests: int) -> float:
    """Return the ratio of our checks per second to theirs: the median of alternating rounds."""
    for check in (ours, theirs):
        _seconds(check, requests)  # warm: connections, the cached script
    return median(_seconds(theirs, requests) / _seconds(ours, requests) for _ in range(rounds))


def _seconds(check: Check, requests: int) -> float:
    began = time.perf_counter()
    for number in range(requests):
        check(f"user {number % 10}")
    return time.perf_counter() - began
