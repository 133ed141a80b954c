"""A client's promise that two requests are one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class IdempotencyKey:
    """A client's key and the fingerprint of the request that it was sent with."""

    key: str | None
    request_hash: str
