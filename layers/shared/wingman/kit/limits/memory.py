"""Buckets in the container's memory: a fallback for Redis, and a cache of refusals."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from wingman.kit.limits.policy import Policy, Verdict

MAX_KEYS = 10_000
MAX_REFUSAL_SECONDS = 30.0
"""A container repeats a refusal for at most this long before it asks Redis again."""


@dataclass
class LocalBuckets:
    """The arithmetic of take.lua in this container, with bounded memory.

    It counts whole microseconds, as Redis does: floating-point sums would sometimes lose a token.
    """

    full_at: dict[str, int] = field(default_factory=dict)

    def take(self, policies: Mapping[str, Policy], seconds: float, cost: int = 1) -> list[Verdict]:
        now = _micros(seconds)
        self._forget_full_ones(now)
        before = {key: max(self.full_at.get(key, now), now) for key in policies}
        price = max(
            (p.price(before[k] - now) for k, p in policies.items() if p.measures_load), default=1
        )
        after = {
            key: before[key] + _tokens(policy, cost, price) * policy.micros_per_token
            for key, policy in policies.items()
        }
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
        for key, policy in policies.items():
            if key in self.full_at:
                self.full_at[key] -= cost * policy.weight * policy.micros_per_token

    def _forget_full_ones(self, now: int) -> None:
        if len(self.full_at) < MAX_KEYS:
            return
        kept = {key: at for key, at in self.full_at.items() if at > now}
        self.full_at = kept if len(kept) < MAX_KEYS else {}


@dataclass(frozen=True)
class Refusal:
    """A refusal that is valid until `ends_at` for any request of at least `tokens`."""

    tokens: int
    at: float
    ends_at: float
    verdicts: Mapping[str, Verdict]


@dataclass
class Refusals:
    """Refusals by Redis, repeated without a call for up to MAX_REFUSAL_SECONDS."""

    known: dict[str, Refusal] = field(default_factory=dict)

    def remember(self, verdicts: Mapping[str, Verdict], now: float, cost: int) -> None:
        if len(self.known) >= MAX_KEYS:
            self.known = {key: kept for key, kept in self.known.items() if kept.ends_at > now}
        if len(self.known) >= MAX_KEYS:
            self.known.clear()
        for key, verdict in verdicts.items():
            if verdict.refuses:
                ends_at = now + min(verdict.fits_in_ms / 1000, MAX_REFUSAL_SECONDS)
                tokens = cost * verdict.policy.weight
                self.known[key] = Refusal(tokens, now, ends_at, verdicts)

    def answer(
        self, policies: Mapping[str, Policy], now: float, cost: int
    ) -> dict[str, Verdict] | None:
        """Return a refusal that is still valid for this request."""
        for key, policy in policies.items():
            kept = self.known.get(key)
            if kept is None or cost * policy.weight < kept.tokens:
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


def _tokens(policy: Policy, cost: int, price: int) -> int:
    tokens = cost * policy.weight
    return min(tokens * price, policy.capacity) if policy.surge else tokens


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _milliseconds(micros: int) -> int:
    return math.ceil(micros / 1000)
