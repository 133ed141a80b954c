"""Token buckets in Redis: every policy that applies to a request, in one call.

The script charges all buckets or none, and reads on the way what the request needs besides. A
refusal is remembered in the container until it ends. When Redis is away, buckets in the container
take over, each with its policy's share: looser, never gone (docs/decisions/009-limiter.md).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import count, logger
from wingman.kit.ratelimit_memory import LocalBuckets, Refusals
from wingman.kit.ratelimit_policies import (
    ALL,
    AUTH,
    CHALLENGE_SUBMISSIONS,
    EMAIL,
    EVERY_IP,
    EVERY_USER,
    EVERYONE,
    MATCH_REQUESTS,
    PUBLIC,
    Policy,
    Verdict,
)
from wingman.kit.redis import Command, Commands, RedisError, Script, lua, redis

__all__ = [
    "ALL",
    "AUTH",
    "CHALLENGE_SUBMISSIONS",
    "EMAIL",
    "EVERYONE",
    "EVERY_IP",
    "EVERY_USER",
    "MATCH_REQUESTS",
    "PUBLIC",
    "Limiter",
    "LocalBuckets",
    "Policy",
    "Step",
    "Taken",
    "Verdict",
    "limiter",
]

# After Redis failed, answer from the container for this long before asking again.
REST_SECONDS = 5.0


@dataclass(frozen=True)
class Step:
    """Lua that runs in the limiter's own script, on one key, unless a bucket refuses.

    `lua` is a file of this package that calls `limits` itself; see cache.lua.
    """

    lua: str
    key: str
    arguments: Sequence[object]


@dataclass(frozen=True)
class Taken:
    """What came back: a verdict per policy, and `values` for the keys that were to be read.

    `values` is None when Redis was not asked: it is away, or the refusal was known already.
    `after` is what the further step returned; None also when a bucket refused.
    """

    verdicts: Sequence[Verdict]
    values: Sequence[str | None] | None = None
    after: Sequence[Any] | None = None


class Limiter:
    """Decides whether a request may go on."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._local = LocalBuckets()
        self._refusals = Refusals()
        self._resting_until = 0.0

    def take(self, policies: Mapping[str, Policy], *, cost: int = 1) -> list[Verdict]:
        """Charge `cost` tokens to every bucket (key → policy), or nothing to any."""
        return list(self.ask(policies, cost=cost).verdicts)

    def ask(
        self,
        policies: Mapping[str, Policy],
        *,
        cost: int = 1,
        reads: Sequence[str] = (),
        also: Sequence[Command] = (),
        step: Step | None = None,
    ) -> Taken:
        """Charge as `take` does; in the same round trip GET `reads` and run the commands `also`.

        What `also` answers is dropped; nothing of it is run when Redis is not asked. `step` is
        one more step of the script itself.
        """
        now = time.monotonic()
        if known := self._refusals.answer(policies, now, cost):
            return self._counted(Taken(list(known.values())))
        if now < self._resting_until:
            return self._counted(self._alone(policies, now, cost))
        try:
            taken = self._shared(policies, cost, reads, also, step)
        except (DependencyUnavailable, RedisError):
            logger().warning("ratelimit.degraded", exc_info=True)
            self._resting_until = now + REST_SECONDS
            return self._counted(self._alone(policies, now, cost))
        answered = dict(zip(policies, taken.verdicts, strict=True))
        self._refusals.remember(answered, time.monotonic(), cost)
        return self._counted(taken)

    def _alone(self, policies: Mapping[str, Policy], now: float, cost: int) -> Taken:
        own = {key: policy.in_one_container for key, policy in policies.items()}
        return Taken(self._local.take(own, now, cost))

    def _shared(
        self,
        policies: Mapping[str, Policy],
        cost: int,
        reads: Sequence[str],
        also: Sequence[Command],
        step: Step | None,
    ) -> Taken:
        keys = [*policies, *reads, *([step.key] if step else [])]
        arguments: list[object] = [len(policies), cost]
        for policy in policies.values():
            interval = round(policy.seconds_per_token * 1_000_000)
            arguments += [policy.capacity, interval, int(policy.shadow)]
        arguments += step.arguments if step else []
        script = _script(step.lua if step else None)
        reply = self._run(script, [len(keys), *keys, *arguments], also)
        flat, after = (reply[0], reply[1:]) if step else (reply, None)
        verdicts = [
            Verdict(policy, bool(fits), remaining, full_in_ms=full, fits_in_ms=ms)
            for policy, fits, remaining, full, ms in zip(
                policies.values(),
                *(flat[i : 4 * len(policies) : 4] for i in range(4)),
                strict=True,
            )
        ]
        return Taken(verdicts, flat[4 * len(policies) :], after or None)

    def _run(
        self, script: Script, arguments: Sequence[object], also: Sequence[Command]
    ) -> list[Any]:
        try:
            reply = self._send(["EVALSHA", script.digest, *arguments], also)
        except RedisError as error:
            if error.code != "NOSCRIPT":
                raise
            reply = self._send(["EVAL", script.source, *arguments], ())
        return list(reply)

    def _send(self, command: Command, also: Sequence[Command]) -> Any:
        if not also:
            return self._commands.run(*command)
        reply, *_ = self._commands.pipeline([command, *also])
        if isinstance(reply, RedisError):
            raise reply
        return reply

    def _counted(self, taken: Taken) -> Taken:
        for verdict in taken.verdicts:
            if not verdict.allowed:
                name = "RateLimitWouldRefuse" if verdict.policy.shadow else "RateLimitRefused"
                count(name, policy=verdict.policy.name)
            elif verdict.near:
                count("RateLimitNear", policy=verdict.policy.name)
        return taken


@cache
def limiter() -> Limiter:
    """Return the container's limiter."""
    return Limiter(redis())


@cache
def _script(step: str | None = None) -> Script:
    """Return the limits alone, or as the function `limits` of a script that goes on."""
    source = lua("ratelimit")
    if step is not None:
        source = f"local function limits(KEYS, ARGV)\n{source}\nend\n{lua(step)}"
    return Script(source)
