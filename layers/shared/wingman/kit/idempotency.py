"""Idempotency keys, by which a client marks a repeated request."""

from dataclasses import dataclass


@dataclass(frozen=True)
class IdempotencyKey:
    """A client's key and the fingerprint of the request that it was sent with."""

    key: str | None
    request_hash: str
