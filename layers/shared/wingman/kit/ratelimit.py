"""Token buckets in Redis: every policy that applies to a request, in one call.

The script charges all buckets or none. When Redis is away, buckets in the container take over:
each container then allows its own share, so a limit is looser but never gone.
"""

import hashlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger
from wingman.kit.redis import Commands, RedisError, redis

# After Redis failed, answer from the container for this long before asking again.
REST_SECONDS = 5.0
LOCAL_BUCKETS = 10_000


@dataclass(frozen=True)
class Policy:
    """A token bucket: `capacity` tokens, one more every `seconds_per_token`, per `scope`."""

    name: str
    capacity: int
    seconds_per_token: float
    scope: str

    @property
    def window_seconds(self) -> int:
        """The seconds in which an empty bucket fills."""
        return math.ceil(self.capacity * self.seconds_per_token)

    def key(self, subject: str) -> str:
        """Name the bucket of one subject in Redis."""
        return f"ratelimit:{self.name}:{subject}"


# requirements.md S4
PUBLIC = Policy("public", 100, 1.0, "ip")
MATCH_REQUESTS = Policy("match-requests", 5, 20.0, "user")
EVERY_USER = Policy("user", 100, 0.6, "user")
EVERY_IP = Policy("ip", 1000, 0.06, "ip")
EVERYONE = Policy("global", 10_000, 0.006, "global")


@dataclass(frozen=True)
class Verdict:
    """What one bucket said."""

    policy: Policy
    allowed: bool
    remaining: int
    reset_seconds: int
    retry_after_seconds: int


@dataclass
class LocalBuckets:
    """The same arithmetic in this container, bounded in memory."""

    full_at: dict[str, float] = field(default_factory=dict)

    def take(self, policies: Mapping[str, Policy], now: float) -> list[Verdict]:
        """Charge one token to every bucket (key → policy), or nothing to any."""
        self._forget_full_ones(now)
        before = {key: max(self.full_at.get(key, now), now) for key in policies}
        after = {key: before[key] + policy.seconds_per_token for key, policy in policies.items()}
        excess = {
            key: after[key] - now - policy.capacity * policy.seconds_per_token
            for key, policy in policies.items()
        }
        allowed = all(over <= 0 for over in excess.values())
        state = after if allowed else before
        self.full_at.update(state)
        return [
            Verdict(
                policy,
                allowed=excess[key] <= 0,
                remaining=int(policy.capacity - (state[key] - now) / policy.seconds_per_token),
                reset_seconds=math.ceil(state[key] - now),
                retry_after_seconds=max(0, math.ceil(excess[key])),
            )
            for key, policy in policies.items()
        ]

    def _forget_full_ones(self, now: float) -> None:
        if len(self.full_at) < LOCAL_BUCKETS:
            return
        kept = {key: at for key, at in self.full_at.items() if at > now}
        self.full_at = kept if len(kept) < LOCAL_BUCKETS else {}


class Limiter:
    """Decides whether a request may go on."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._local = LocalBuckets()
        self._resting_until = 0.0

    def take(self, policies: Mapping[str, Policy]) -> list[Verdict]:
        """Charge one token to every bucket (key → policy), or nothing to any."""
        now = time.monotonic()
        if now < self._resting_until:
            return self._local.take(policies, now)
        try:
            return self._ask(policies)
        except (DependencyUnavailable, RedisError):
            logger().warning("ratelimit.degraded", exc_info=True)
            self._resting_until = now + REST_SECONDS
            return self._local.take(policies, now)

    def _ask(self, policies: Mapping[str, Policy]) -> list[Verdict]:
        arguments: list[object] = [len(policies), *policies]
        for policy in policies.values():
            arguments += [policy.capacity, round(policy.seconds_per_token * 1_000_000), 1]
        reply = self._run(arguments)
        return [
            _verdict(policy, reply[4 * i : 4 * i + 4]) for i, policy in enumerate(policies.values())
        ]

    def _run(self, arguments: Sequence[object]) -> list[int]:
        source, digest = _script()
        try:
            reply = self._commands.run("EVALSHA", digest, *arguments)
        except RedisError as error:
            if error.code != "NOSCRIPT":
                raise
            reply = self._commands.run("EVAL", source, *arguments)
        return [int(number) for number in reply]


def _verdict(policy: Policy, reply: Sequence[int]) -> Verdict:
    allowed, remaining, reset_ms, retry_ms = reply
    return Verdict(
        policy,
        allowed=bool(allowed),
        remaining=remaining,
        reset_seconds=math.ceil(reset_ms / 1000),
        retry_after_seconds=math.ceil(retry_ms / 1000),
    )


@cache
def limiter() -> Limiter:
    """Return the container's limiter."""
    return Limiter(redis())


@cache
def _script() -> tuple[str, str]:
    """Return the script and the name under which Redis caches it."""
    source = files(__package__).joinpath("ratelimit.lua").read_text(encoding="utf-8")
    return source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
