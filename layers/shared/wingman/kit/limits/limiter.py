"""Token buckets in Redis; without it, each container's own (docs/decisions/009-limiter.md)."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from wingman.kit.clients.circuits import watched
from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.lua import Script, read_lua
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable, ProblemError
from wingman.kit.limits.memory import LocalBuckets, Refusals
from wingman.kit.limits.policy import Policy, Verdict
from wingman.kit.observability import count, logger
from wingman.kit.resilience.breaker import Breaker


@dataclass(frozen=True)
class Step:
    """Lua that runs inside the limiter's script, unless a bucket refuses.

    It calls `limits`, the script of the steps before it. A step that `answers` is the last one and
    returns a table of the result of `limits` and its own values (cache.lua). Any other returns that
    result (touch.lua). To refuse, it adds one value, from which `refusal` makes the error.
    """

    lua: str
    keys: Sequence[str]
    arguments: Sequence[object]
    answers: bool = True
    refusal: Callable[[int], ProblemError] | None = None


@dataclass(frozen=True)
class Taken:
    """A verdict per policy; `after` is None if a bucket refused, and without Redis."""

    verdicts: Sequence[Verdict]
    after: Sequence[Any] | None = None


class Limiter:
    """Limits requests, and updates the `watched` breakers in the same call."""

    def __init__(self, commands: Commands, watched: Sequence[Breaker] = ()) -> None:
        self._commands = commands
        self._watched = watched
        self._local = LocalBuckets()
        self._refusals = Refusals()
        self._degraded = False

    def take(self, policies: Mapping[str, Policy], *, cost: int = 1) -> list[Verdict]:
        """Charge `cost` times its weight to every bucket (key → policy), or to none of them."""
        return list(self.ask(policies, cost=cost).verdicts)

    def ask(
        self,
        policies: Mapping[str, Policy],
        *,
        cost: int = 1,
        steps: Sequence[Step] = (),
    ) -> Taken:
        """Charge as `take` does, and run `steps` in order if Redis is called at all.

        Raises the refusal of a step.
        """
        now = time.monotonic()
        if known := self._refusals.answer(policies, now, cost):
            return self._count(Taken(list(known.values())))
        try:
            taken = self._take_in_redis(policies, cost, steps)
        except (DependencyUnavailable, RedisError) as error:
            self._log_change(degraded=True, error=error)
            return self._count(self._take_locally(policies, now, cost))
        self._log_change(degraded=False)
        answered = dict(zip(policies, taken.verdicts, strict=True))
        self._refusals.remember(answered, time.monotonic(), cost)
        return self._count(taken)

    def recall(self, policies: Mapping[str, Policy]) -> Sequence[Verdict]:
        """Return a refusal that still applies, if this container knows one."""
        known = self._refusals.answer(policies, time.monotonic(), 1) or {}
        return self._count(Taken(list(known.values()))).verdicts

    def peek(self, policies: Mapping[str, Policy]) -> Sequence[Verdict]:
        """Read buckets in Redis alone. Raises DependencyUnavailable, RedisError."""
        return self._take_in_redis(policies, 0, ()).verdicts

    def reset(self, policies: Mapping[str, Policy]) -> int:
        """Refill buckets and return how many were not full. Raises as `peek` does.

        A container may repeat an earlier refusal for up to MAX_REFUSAL_SECONDS.
        """
        return int(self._commands.run("DEL", *policies))

    def give_back(self, policies: Mapping[str, Policy], *, cost: int = 1) -> None:
        """Refund a charge; without Redis, to the container's own buckets."""
        micros = [each.micros_per_token * each.weight * cost for each in policies.values()]
        try:
            _return().run(self._commands, list(policies), micros)
        except (DependencyUnavailable, RedisError):
            own = {key: policy.in_one_container for key, policy in policies.items()}
            self._local.give_back(own, cost)

    def _log_change(self, *, degraded: bool, error: Exception | None = None) -> None:
        if degraded is not self._degraded:
            self._degraded = degraded
            event = "ratelimit.degraded" if degraded else "ratelimit.recovered"
            logger().warning(event, exc_info=error)

    def _take_locally(self, policies: Mapping[str, Policy], now: float, cost: int) -> Taken:
        own = {key: policy.in_one_container for key, policy in policies.items()}
        return Taken(self._local.take(own, now, cost))

    def _take_in_redis(
        self,
        policies: Mapping[str, Policy],
        cost: int,
        steps: Sequence[Step],
    ) -> Taken:
        circuits = [breaker.dependency.key for breaker in self._watched]
        keys = [*policies, *circuits, *[key for step in steps for key in step.keys]]
        places = (i for i, each in enumerate(policies.values(), 1) if each.measures_load)
        arguments: list[object] = [len(policies), cost, next(places, 0)]
        for policy in policies.values():
            arguments += [policy.capacity, policy.micros_per_token]
            arguments += [int(policy.shadow), int(policy.surge), policy.weight]
        arguments += [argument for step in steps for argument in step.arguments]
        script = _script(*(step.lua for step in steps))
        reply = script.run(self._commands, keys, arguments)
        answers = any(step.answers for step in steps)
        flat, after = (reply[0], reply[1:]) if answers else (reply, None)
        verdicts = [
            Verdict(policy, bool(fits), remaining, full_in_ms=full, fits_in_ms=ms)
            for policy, fits, remaining, full, ms in zip(
                policies.values(),
                *(flat[i : 4 * len(policies) : 4] for i in range(4)),
                strict=True,
            )
        ]
        known = flat[4 * len(policies) :]
        for breaker, circuit in zip(self._watched, known, strict=False):
            breaker.learn(circuit)
        if len(known) > len(self._watched):
            raise next(step.refusal(int(known[-1])) for step in steps if step.refusal)
        return Taken(verdicts, after or None)

    def _count(self, taken: Taken) -> Taken:
        for verdict in taken.verdicts:
            if not verdict.allowed:
                name = "RateLimitWouldRefuse" if verdict.policy.shadow else "RateLimitRefused"
                count(name, policy=verdict.policy.name)
            elif verdict.near:
                count("RateLimitNear", policy=verdict.policy.name)
        return taken


@cache
def limiter() -> Limiter:
    return Limiter(redis(), list(watched()))


@cache
def _return() -> Script:
    return Script(read_lua(__file__, "give_back"))


@cache
def _script(*steps: str) -> Script:
    """Compose the script: each step can call everything before it as `limits`."""
    *before, last = [read_lua(__file__, "take"), *steps]
    known = "".join(f"local limits = function(KEYS, ARGV)\n{each}\nend\n" for each in before)
    return Script(known + last)
