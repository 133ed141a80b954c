"""SQL functions of the kit itself."""

from wingman.kit.clients.database import Database


def prune_idempotency_keys(database: Database, limit: int) -> int:
    return int(database.rpc("prune_idempotency_keys", {"p_limit": limit}))
