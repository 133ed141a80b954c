"""A limit of requests per second, with the headers that Resend sends."""

import math
import time
from collections.abc import Callable

from local.resend.errors import RateLimitExceededError

# High enough not to disturb tests that set no limit.
UNDISTURBING = 100


class RateLimit:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._limit = UNDISTURBING
        self._window = 0.0
        self._used = 0

    def set(self, requests_per_second: int | None) -> None:
        """Set the limit; None restores the default."""
        self._limit = requests_per_second or UNDISTURBING
        self._used = 0

    def spend(self) -> dict[str, str]:
        """Count one request and return its answer's headers; over the limit, raise the refusal."""
        now = self._clock()
        if now - self._window >= 1:
            self._window, self._used = now, 0
        if self._used >= self._limit:
            raise self.exceeded()
        self._used += 1
        return self._headers()

    def exceeded(self) -> RateLimitExceededError:
        headers = self._headers() | {"ratelimit-remaining": "0"}
        message = (
            f"Too many requests. You can only make {self._limit} requests per second. "
            "See rate limit response headers for more information."
        )
        return RateLimitExceededError(message, headers | {"retry-after": self._reset()})

    def _reset(self) -> str:
        return str(max(1, math.ceil(1 - (self._clock() - self._window))))

    def _headers(self) -> dict[str, str]:
        return {
            "ratelimit-limit": str(self._limit),
            "ratelimit-remaining": str(self._limit - self._used),
            "ratelimit-reset": self._reset(),
        }
