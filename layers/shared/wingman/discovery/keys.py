"""The keys of discovery in Redis; without its models, because every minute's sweep loads this."""

from collections.abc import Iterable
from uuid import UUID

from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger


def key(user_id: UUID) -> str:
    return f"discovery:user:{user_id}"


def forget(commands: Commands, user_ids: Iterable[UUID]) -> None:
    """Delete the lists of deleted accounts; without Redis, they expire within half an hour."""
    keys = [key(user_id) for user_id in user_ids]
    try:
        if keys:
            commands.run("DEL", *keys)
    except (DependencyUnavailable, RedisError) as error:
        logger().error("discovery.not_forgotten", extra={"keys": len(keys)}, exc_info=error)
