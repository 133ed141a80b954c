"""What a container knows of buckets by itself: its own ones, and those that are empty."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from wingman.kit.limits.policy import Policy, Verdict

MOST_KEYS = 10_000
MOST_REPEATED_SECONDS = 30.0
"""A refusal is repeated for so long at most; then Redis is asked whether it still holds."""


@dataclass
class LocalBuckets:
    """The script's arithmetic in this container, bounded in memory.

    Whole microseconds, as in Redis: floating-point sums lose a token now and then.
    """

    full_at: dict[str, int] = field(default_factory=dict)

    def take(self, policies: Mapping[str, Policy], seconds: float, cost: int = 1) -> list[Verdict]:
        """Charge `cost` tokens to every bucket (key → policy), or nothing to any."""
        now = _micros(seconds)
        self._forget_full_ones(now)
        before = {key: max(self.full_at.get(key, now), now) for key in policies}
        after = {k: before[k] + cost * policy.micros_per_token for k, policy in policies.items()}
        excess = {
            key: after[key] - now - policy.capacity * policy.micros_per_token
            for key, policy in policies.items()
        }
        refused = any(excess[key] > 0 and not policy.shadow for key, policy in policies.items())
        state = before if refused else after | {k: before[k] for k in excess if excess[k] > 0}
        self.full_at.update(state)
        return [
            Verdict(
                policy,
                allowed=excess[key] <= 0,
                remaining=policy.capacity - math.ceil((state[key] - now) / policy.micros_per_token),
                full_in_ms=_milliseconds(state[key] - now),
                fits_in_ms=_milliseconds(max(0, excess[key])),
            )
            for key, policy in policies.items()
        ]

    def give_back(self, policies: Mapping[str, Policy], cost: int = 1) -> None:
        """Return tokens to every bucket; a full one stays full."""
        for key, policy in policies.items():
            if key in self.full_at:
                self.full_at[key] -= cost * policy.micros_per_token

    def _forget_full_ones(self, now: int) -> None:
        if len(self.full_at) < MOST_KEYS:
            return
        kept = {key: at for key, at in self.full_at.items() if at > now}
        self.full_at = kept if len(kept) < MOST_KEYS else {}


@dataclass(frozen=True)
class Refusal:
    """An answer that holds until `ends_at` for any request of at least `cost` tokens."""

    cost: int
    at: float
    ends_at: float
    verdicts: Mapping[str, Verdict]


@dataclass
class Refusals:
    """Buckets that Redis found empty: until they can serve again, nobody needs to ask it.

    Other containers take out of a bucket, so a refusal hardly ends early. Where it does, because a
    charge was given back or an operator reset the bucket, a container hears of it within
    MOST_REPEATED_SECONDS.
    """

    known: dict[str, Refusal] = field(default_factory=dict)

    def remember(self, verdicts: Mapping[str, Verdict], now: float, cost: int) -> None:
        """Keep what refused this request."""
        if len(self.known) >= MOST_KEYS:
            self.known = {key: kept for key, kept in self.known.items() if kept.ends_at > now}
        if len(self.known) >= MOST_KEYS:
            self.known.clear()
        for key, verdict in verdicts.items():
            if verdict.refuses:
                ends_at = now + min(verdict.fits_in_ms / 1000, MOST_REPEATED_SECONDS)
                self.known[key] = Refusal(cost, now, ends_at, verdicts)

    def answer(
        self, policies: Mapping[str, Policy], now: float, cost: int
    ) -> dict[str, Verdict] | None:
        """Repeat a refusal that still holds for this request; None when there is none."""
        for key in policies:
            kept = self.known.get(key)
            if kept is None or cost < kept.cost:
                continue
            if now < kept.ends_at:
                passed = int((now - kept.at) * 1000)
                return {k: _later(v, passed) for k, v in kept.verdicts.items() if k in policies}
            del self.known[key]
        return None


def _later(verdict: Verdict, passed_ms: int) -> Verdict:
    return replace(
        verdict,
        full_in_ms=max(0, verdict.full_in_ms - passed_ms),
        fits_in_ms=max(0, verdict.fits_in_ms - passed_ms),
    )


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _milliseconds(micros: int) -> int:
    return math.ceil(micros / 1000)
