"""Idempotency keys, by which a client marks a repeated request."""

from dataclasses import dataclass

from wingman.kit import repository
from wingman.kit.clients.database import Database
from wingman.kit.clock import page_by_page
from wingman.kit.observability import logger

PRUNED_AT_ONCE = 1000
_SECONDS_PER_PAGE = 6.0


@dataclass(frozen=True)
class IdempotencyKey:
    """A client's key and the fingerprint of the request that it was sent with."""

    key: str | None
    request_hash: str


def prune(database: Database) -> int:
    """Delete remembered answers after their 24 hours; return their number."""
    pruned = page_by_page(
        lambda: repository.prune_idempotency_keys(database, PRUNED_AT_ONCE),
        PRUNED_AT_ONCE,
        seconds=_SECONDS_PER_PAGE,
    )
    logger().info("idempotency.pruned", extra={"count": pruned})
    return pruned
