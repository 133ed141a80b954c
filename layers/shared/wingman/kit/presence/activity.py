"""When users are here: how often in each hour of the day, learned from their requests.

A request is noted by the call that its limits make anyway (touch.lua); nothing is noted, and
nobody was seen, while Redis is away (docs/decisions/014-activity.md).
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from uuid import UUID

from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger
from wingman.kit.presence.touching import activity_key

_HOURS = range(24)


class Activity:
    """What Redis knows of users' habits."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def hours(self, users: Collection[UUID]) -> Mapping[UUID, Sequence[int]]:
        """Tell how often users were seen in each hour of the day (UTC), in one call.

        An hour of one day counts once. Nothing of who was not seen, nor of anybody while Redis is
        away.
        """
        asked = list(users)
        if not asked:
            return {}
        try:
            found = self._commands.pipeline(
                [["HMGET", activity_key(user), *_HOURS] for user in asked]
            )
        except (DependencyUnavailable, RedisError):
            logger().warning("activity.away", extra={"users": len(asked)})
            return {}
        return {
            user: [int(times or 0) for times in counts]
            for user, counts in zip(asked, found, strict=True)
            if not isinstance(counts, RedisError) and any(counts)
        }

    def hours_of(self, user_id: UUID) -> Sequence[int] | None:
        """Tell the same of one user, also of who was never seen; None while Redis is away."""
        try:
            counts = self._commands.run("HMGET", activity_key(user_id), *_HOURS)
        except (DependencyUnavailable, RedisError):
            logger().warning("activity.away", extra={"users": 1})
            return None
        return [int(times or 0) for times in counts]

    def forget(self, user_id: UUID) -> None:
        """Forget a user's hours; if Redis is away, they end by themselves in time."""
        try:
            self._commands.run("DEL", activity_key(user_id))
        except (DependencyUnavailable, RedisError):
            logger().warning("activity.not_forgotten", exc_info=True)


@cache
def activity() -> Activity:
    """Return the container's way to it."""
    return Activity(redis())
