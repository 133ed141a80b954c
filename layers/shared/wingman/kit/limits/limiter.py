"""Token buckets in Redis: every policy that applies to a request, in one call.

The script charges all buckets or none. A refusal is remembered in the container until it ends. When
Redis is away, buckets in the container take over, each with its policy's share: looser, never gone
(docs/decisions/009-limiter.md).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from wingman.kit.clients.circuits import watched
from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.lua import Script, read_lua
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.limits.memory import LocalBuckets, Refusals
from wingman.kit.limits.policy import Policy, Verdict
from wingman.kit.observability import count, logger
from wingman.kit.resilience.breaker import Breaker


@dataclass(frozen=True)
class Step:
    """Lua that runs in the limiter's own script, on keys of its own, unless a bucket refuses.

    `lua` is a script that calls `limits` itself: the script so far. If it `answers`, it is the last
    one and returns a table of what that returned and its own (cache.lua); otherwise it returns the
    same as that (touch.lua).
    """

    lua: str
    keys: Sequence[str]
    arguments: Sequence[object]
    answers: bool = True


@dataclass(frozen=True)
class Taken:
    """What came back: a verdict per policy, and `after` of the step that answers.

    `after` is None when a bucket refused, and when Redis was not asked: it is away, or the refusal
    was known already.
    """

    verdicts: Sequence[Verdict]
    after: Sequence[Any] | None = None


class Limiter:
    """Decides whether a request may go on; tells the breakers `watched` what their circuits say."""

    def __init__(self, commands: Commands, watched: Sequence[Breaker] = ()) -> None:
        self._commands = commands
        self._watched = watched
        self._local = LocalBuckets()
        self._refusals = Refusals()
        self._degraded = False

    def take(self, policies: Mapping[str, Policy], *, cost: int = 1) -> list[Verdict]:
        """Charge `cost` tokens to every bucket (key → policy), or nothing to any."""
        return list(self.ask(policies, cost=cost).verdicts)

    def ask(
        self,
        policies: Mapping[str, Policy],
        *,
        cost: int = 1,
        steps: Sequence[Step] = (),
    ) -> Taken:
        """Charge as `take` does, and take `steps` in their order if Redis is asked at all."""
        now = time.monotonic()
        if known := self._refusals.answer(policies, now, cost):
            return self._counted(Taken(list(known.values())))
        try:
            taken = self._shared(policies, cost, steps)
        except (DependencyUnavailable, RedisError) as error:
            self._note(degraded=True, error=error)
            return self._counted(self._alone(policies, now, cost))
        self._note(degraded=False)
        answered = dict(zip(policies, taken.verdicts, strict=True))
        self._refusals.remember(answered, time.monotonic(), cost)
        return self._counted(taken)

    def look(self, policies: Mapping[str, Policy]) -> Sequence[Verdict]:
        """Read buckets (key → policy) and charge nothing.

        Raises DependencyUnavailable and RedisError: nobody else knows them.
        """
        return self._shared(policies, 0, ()).verdicts

    def reset(self, policies: Mapping[str, Policy]) -> int:
        """Fill buckets up; counts those that were not full. Raises as `look` does.

        A container that refused somebody repeats that for MOST_REPEATED_SECONDS more at most.
        """
        return int(self._commands.run("DEL", *policies))

    def give_back(self, policies: Mapping[str, Policy], *, cost: int = 1) -> None:
        """Return what was charged and bought nothing; if Redis does not hear of it, it is lost."""
        micros = [policy.micros_per_token * cost for policy in policies.values()]
        try:
            _return().run(self._commands, list(policies), micros)
        except (DependencyUnavailable, RedisError):
            own = {key: policy.in_one_container for key, policy in policies.items()}
            self._local.give_back(own, cost)

    def _note(self, *, degraded: bool, error: Exception | None = None) -> None:
        if degraded is not self._degraded:
            self._degraded = degraded
            event = "ratelimit.degraded" if degraded else "ratelimit.recovered"
            logger().warning(event, exc_info=error)

    def _alone(self, policies: Mapping[str, Policy], now: float, cost: int) -> Taken:
        own = {key: policy.in_one_container for key, policy in policies.items()}
        return Taken(self._local.take(own, now, cost))

    def _shared(
        self,
        policies: Mapping[str, Policy],
        cost: int,
        steps: Sequence[Step],
    ) -> Taken:
        circuits = [breaker.dependency.key for breaker in self._watched]
        keys = [*policies, *circuits, *[key for step in steps for key in step.keys]]
        arguments: list[object] = [len(policies), cost]
        for policy in policies.values():
            arguments += [policy.capacity, policy.micros_per_token, int(policy.shadow)]
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
        for breaker, circuit in zip(self._watched, flat[4 * len(policies) :], strict=True):
            breaker.learn(circuit)
        return Taken(verdicts, after or None)

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
    return Limiter(redis(), list(watched()))


@cache
def _return() -> Script:
    return Script(read_lua(__file__, "give_back"))


@cache
def _script(*steps: str) -> Script:
    """Return the limits alone, or with steps: each knows the script so far as `limits`."""
    *before, last = [read_lua(__file__, "take"), *steps]
    known = "".join(f"local limits = function(KEYS, ARGV)\n{each}\nend\n" for each in before)
    return Script(known + last)
