"""Users' activity by hour, recorded by the limiter's call (docs/decisions/014-activity.md)."""

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
    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def hours(self, users: Collection[UUID]) -> Mapping[UUID, Sequence[int]]:
        """Return on how many days users were active in each hour of the day (UTC).

        Makes one call. Users without activity are missing; while Redis is unavailable, all are.
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
        """Return one user's counts, all zero without activity; None while Redis is unavailable."""
        try:
            counts = self._commands.run("HMGET", activity_key(user_id), *_HOURS)
        except (DependencyUnavailable, RedisError):
            logger().warning("activity.away", extra={"users": 1})
            return None
        return [int(times or 0) for times in counts]

    def forget(self, user_id: UUID) -> None:
        """Delete a user's hours; if Redis is unavailable, they expire instead."""
        try:
            self._commands.run("DEL", activity_key(user_id))
        except (DependencyUnavailable, RedisError):
            logger().warning("activity.not_forgotten", exc_info=True)


@cache
def activity() -> Activity:
    return Activity(redis())
