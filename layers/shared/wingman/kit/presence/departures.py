"""The end of a user's presence: the account was deleted, but tokens live until they expire."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger
from wingman.kit.presence.touching import activity_key, departed_key, login_key

# The longest life of an access token that Supabase Auth can be set to.
LONGEST_TOKEN = timedelta(days=7)


def depart(commands: Commands, users: Iterable[UUID]) -> None:
    """Delete what is kept of users, and refuse their tokens from now on.

    Raises DependencyUnavailable and RedisError.
    """
    seconds = round(LONGEST_TOKEN.total_seconds())
    # The mark comes first, so that a request in between does not store again what is deleted.
    steps: list[list[object]] = []
    for user in users:
        steps.append(["SET", departed_key(user), 1, "EX", seconds])
        steps.append(["DEL", activity_key(user), login_key(user)])
    for reply in commands.pipeline(steps):
        if isinstance(reply, RedisError):
            raise reply


def end_presence(user_id: UUID) -> None:
    """Delete what a deleted user's request has stored again, as the sweep does a minute later."""
    try:
        depart(redis(), [user_id])
    except (DependencyUnavailable, RedisError) as error:
        logger().warning("departures.redis_away", extra={"count": 1}, exc_info=error)
