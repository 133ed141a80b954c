"""Idempotency keys as Resend keeps them: for 24 hours, a repetition gets the first answer.

https://resend.com/docs/dashboard/emails/idempotency-keys
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.resend.errors import (
    ConcurrentIdempotentRequestsError,
    InvalidIdempotencyKeyError,
    InvalidIdempotentRequestError,
)

MEMORY_SECONDS = 24 * 60 * 60
MAX_LENGTH = 256


@dataclass
class _Use:
    fingerprint: object
    since: float
    answer: dict[str, Any] | None = None


class IdempotencyKeys:
    """Every key in use, with the answer of the request that used it first."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._uses: dict[str, _Use] = {}
        self._clock = clock

    def begin(self, key: str, fingerprint: object) -> dict[str, Any] | None:
        """Return the first answer to this request; None if it is the first."""
        if not 1 <= len(key) <= MAX_LENGTH:
            raise InvalidIdempotencyKeyError("The key must be between 1 and 256 chars.")
        use = self._uses.get(key)
        if use is None or self._clock() - use.since >= MEMORY_SECONDS:
            self._uses[key] = _Use(fingerprint, self._clock())
            return None
        if use.fingerprint != fingerprint:
            raise InvalidIdempotentRequestError(
                "Same idempotency key used with a different request payload."
            )
        if use.answer is None:
            raise ConcurrentIdempotentRequestsError(
                "Same idempotency key used while original request is still in progress."
            )
        return use.answer

    def finish(self, key: str, answer: dict[str, Any]) -> None:
        self._uses[key].answer = answer

    def abandon(self, key: str) -> None:
        """Forget a refused request, so that its key can be used again."""
        self._uses.pop(key, None)

    def clear(self) -> None:
        self._uses.clear()
