"""The provider's rate limit: one bucket in Redis that all senders share.

A sender reserves a slot and waits for it. Urgent emails reserve as far ahead as they can wait, bulk
emails only the next free slot: urgent ones never queue behind them.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.lua import Script, read_lua
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger
from wingman.notifications.models import Priority

KEY = "emails:provider"
FIRST_RATE = 2
"""Requests per second until the provider has reported its limit."""
SPACING = 1.03
"""Factor of extra space between requests, because they do not all arrive equally fast."""
SENDERS = 10
"""Containers that can send at once: the sum of both lanes in template.yaml."""
MAX_RATE = 1000
_REST_SECONDS = 5.0
_LONGEST_SECONDS = 3600.0
_MICROSECONDS = 1_000_000
_SLOTS_AHEAD = {Priority.URGENT: 0, Priority.BULK: 1}


@dataclass(frozen=True)
class Slot:
    """One request, to be sent after `seconds`; if not granted, ask again after them."""

    granted: bool
    seconds: float


class Bucket(Protocol):
    def reserve(self, priority: Priority, patience: float) -> Slot:
        """Reserve one request, at most `patience` seconds from now."""
        ...

    def learn(self, *, per_second: int | None, hold: float) -> None:
        """Store the limit that the provider reported, and grant nothing for `hold` seconds."""
        ...


@dataclass
class Share:
    next_at: float = 0.0

    def begin(self, now: float, interval: float) -> None:
        """Start at a random point of the interval, so that containers do not start together."""
        spread = random.random()  # noqa: S311 - spreads load, guards nothing
        self.next_at = max(self.next_at, now + spread * interval)

    def reserve(self, now: float, patience: float, interval: float) -> Slot:
        wait = max(self.next_at - now, 0.0)
        if wait > patience:
            return Slot(granted=False, seconds=wait)
        self.next_at = now + wait + interval
        return Slot(granted=True, seconds=wait)


class RedisBucket(Bucket):
    """The bucket in Redis, with a fixed share of it while Redis is unavailable."""

    def __init__(
        self,
        commands: Commands,
        *,
        key: str = KEY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._commands = commands
        self._key = key
        self._clock = clock
        self._share = Share()
        self._per_second = FIRST_RATE
        self._away = False
        self._resting_until = float("-inf")

    def reserve(self, priority: Priority, patience: float) -> Slot:
        ahead = _SLOTS_AHEAD[priority]
        reply = self._ask("reserve", _micro(patience), ahead, self._per_second, SPACING)
        if reply is None:
            return self._share.reserve(self._clock(), patience, self._interval)
        granted, microseconds, self._per_second = reply
        return Slot(bool(granted), microseconds / _MICROSECONDS)

    def learn(self, *, per_second: int | None, hold: float) -> None:
        reported = min(per_second or 0, MAX_RATE)
        if reported in {0, self._per_second} and hold <= 0:
            return
        self._per_second = reported or self._per_second
        logger().info("emails.limit_learned", extra={"per_second": self._per_second, "hold": hold})
        self._share.next_at = max(self._share.next_at, self._clock() + hold)
        self._ask("learn", reported, _micro(hold))

    @property
    def _interval(self) -> float:
        return SENDERS * SPACING / self._per_second

    def _ask(self, *arguments: object) -> list[int] | None:
        """Run the script; None while Redis is unavailable."""
        if self._clock() < self._resting_until:
            return None
        try:
            reply = self._run(*arguments)
        except (DependencyUnavailable, RedisError):
            logger().warning("emails.bucket_away", exc_info=True)
            self._rest()
            return None
        self._away = False
        return reply

    def _rest(self) -> None:
        now = self._clock()
        self._resting_until = now + _REST_SECONDS
        if not self._away:
            self._away = True
            self._share.begin(now, self._interval)

    def _run(self, *arguments: object) -> list[int]:
        reply = _script().run(self._commands, [self._key], arguments)
        return [int(number) for number in reply]


@cache
def _script() -> Script:
    return Script(read_lua(__file__, "bucket"))


def _micro(seconds: float) -> int:
    return int(min(seconds, _LONGEST_SECONDS) * _MICROSECONDS)


@cache
def bucket() -> Bucket:
    return RedisBucket(redis())
