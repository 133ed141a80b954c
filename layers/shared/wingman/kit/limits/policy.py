"""What a token bucket holds, and what it answers."""

import math
from dataclasses import dataclass, replace
from typing import Literal

Scope = Literal["user", "ip", "global"]


@dataclass(frozen=True)
class Policy:
    """A token bucket: `capacity` tokens, one more every `seconds_per_token`, per `scope`.

    share   the part of it that one container may spend by itself while Redis is away
    shadow  only watches: counted and charged as ever, but it refuses nobody
    """

    name: str
    capacity: int
    seconds_per_token: float
    scope: Scope
    share: float = 0.5
    shadow: bool = False

    @property
    def micros_per_token(self) -> int:
        """`seconds_per_token` in whole microseconds, in which buckets count."""
        return round(self.seconds_per_token * 1_000_000)

    @property
    def window_seconds(self) -> int:
        """The seconds in which an empty bucket fills."""
        return math.ceil(self.capacity * self.seconds_per_token)

    @property
    def in_one_container(self) -> "Policy":
        """Return the bucket of a container that cannot ask the others."""
        capacity = max(1, int(self.capacity * self.share))
        return replace(self, capacity=capacity, seconds_per_token=self.window_seconds / capacity)

    @property
    def watching(self) -> "Policy":
        """Return the same bucket, in shadow."""
        return replace(self, shadow=True)

    def key(self, subject: str) -> str:
        """Name the bucket of one subject in Redis."""
        return f"ratelimit:{self.name}:{subject}"


@dataclass(frozen=True)
class Verdict:
    """What one bucket said; `allowed` tells whether the tokens asked for were there."""

    policy: Policy
    allowed: bool
    remaining: int
    full_in_ms: int
    fits_in_ms: int

    @property
    def refuses(self) -> bool:
        """Whether the request may not go on because of this bucket."""
        return not (self.allowed or self.policy.shadow)

    @property
    def near(self) -> bool:
        """Whether less than a tenth is left."""
        return self.allowed and self.remaining * 10 < self.policy.capacity

    @property
    def reset_seconds(self) -> int:
        """Whole seconds until the bucket is full."""
        return math.ceil(self.full_in_ms / 1000)

    @property
    def retry_after_seconds(self) -> int:
        """Whole seconds until the same request can pass; 0 if it just did."""
        return math.ceil(self.fits_in_ms / 1000)
