"""Token buckets per address, as Supabase Auth keeps them: in memory, with a burst of 30.

Sign-ins by password and refreshes share one bucket, and every other path has its own.
https://supabase.com/docs/guides/auth/rate-limits
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from local.auth.refusal import Refusal

BURST = 30
_SECONDS = 300
_HOUR = 3600


@dataclass
class _Bucket:
    left: float
    at: float


class Limits:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._lock = threading.Lock()

    def charge(self, name: str, address: str, in_five_minutes: int) -> None:
        """Take one from an address's bucket. Raises Refusal when it is empty."""
        if not self._take((name, address), BURST, in_five_minutes / _SECONDS):
            message = "Request rate limit reached"
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "over_request_rate_limit", message)

    def charge_email(self, in_an_hour: int) -> None:
        """Take one from the project's bucket of emails. Raises Refusal when it is empty."""
        if not self._take(("email", ""), in_an_hour, in_an_hour / _HOUR):
            message = "email rate limit exceeded"
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "over_email_send_rate_limit", message)

    def clear(self) -> None:
        self._buckets.clear()

    def _take(self, key: tuple[str, str], size: float, per_second: float) -> bool:
        with self._lock:
            now = self._clock()
            bucket = self._buckets.setdefault(key, _Bucket(size, now))
            bucket.left = min(size, bucket.left + (now - bucket.at) * per_second)
            bucket.at = now
            if bucket.left < 1:
                return False
            bucket.left -= 1
            return True
