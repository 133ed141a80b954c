"""The parameters and the verdict of a token bucket."""

import math
from dataclasses import dataclass, replace
from typing import Literal

Scope = Literal["user", "ip", "global", "claim"]

# After this many tenths of the global bucket, each further one doubles the price of a request.
_FREE_TENTHS = 5


@dataclass(frozen=True)
class Policy:
    """A token bucket per `scope`; a `claim` is an identity that a network claims to be.

    `share` is the part that one container may spend without Redis; a `shadow` only counts; the
    charge of a `surge` rises as the global bucket empties; a request takes `weight` tokens.
    """

    name: str
    capacity: int
    seconds_per_token: float
    scope: Scope
    share: float = 0.5
    shadow: bool = False
    surge: bool = False
    weight: int = 1

    @property
    def micros_per_token(self) -> int:
        return round(self.seconds_per_token * 1_000_000)

    @property
    def window_seconds(self) -> int:
        return math.ceil(self.capacity * self.seconds_per_token)

    @property
    def measures_load(self) -> bool:
        return self.scope == "global" and not self.shadow

    def price(self, used_micros: int) -> int:
        """Return the tokens that a request takes from other buckets; take.lua does the same."""
        tenths = 10 * used_micros // (self.capacity * self.micros_per_token)
        return int(2 ** max(0, tenths - _FREE_TENTHS))

    @property
    def in_one_container(self) -> "Policy":
        """The bucket of one container that cannot reach Redis.

        Its share of the global bucket does not show the total load, so it does not raise prices.
        """
        capacity = max(1, int(self.capacity * self.share))
        pace = self.window_seconds / capacity
        return replace(self, capacity=capacity, seconds_per_token=pace, surge=False)

    def per_minute(self, tokens: int) -> "Policy":
        """Return the policy with this many tokens, which all come back within a minute."""
        return replace(self, capacity=tokens, seconds_per_token=60 / tokens)

    @property
    def in_shadow(self) -> "Policy":
        return replace(self, shadow=True)

    def key(self, subject: str) -> str:
        return f"ratelimit:{self.name}:{subject}"


@dataclass(frozen=True)
class Verdict:
    policy: Policy
    allowed: bool
    remaining: int
    full_in_ms: int
    fits_in_ms: int

    @property
    def refuses(self) -> bool:
        return not (self.allowed or self.policy.shadow)

    @property
    def near(self) -> bool:
        return self.allowed and self.remaining * 10 < self.policy.capacity

    @property
    def reset_seconds(self) -> int:
        return math.ceil(self.full_in_ms / 1000)

    @property
    def retry_after_seconds(self) -> int:
        """0 if the request just passed."""
        return math.ceil(self.fits_in_ms / 1000)
