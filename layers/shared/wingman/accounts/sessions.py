"""The end of sessions, however they ended (supabase/schemas/685_ended_sessions.sql)."""

from collections.abc import Sequence
from uuid import UUID

from wingman.accounts import repository
from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.database import Database
from wingman.kit.clock import page_by_page
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger
from wingman.kit.presence.ended import end_tokens

AT_ONCE = 1000
_SECONDS_PER_PAGE = 8.0


def mark_ended(database: Database, commands: Commands, user_id: UUID) -> None:
    """Refuse the tokens of a user's ended sessions; the sweep marks what this cannot."""
    try:
        end_tokens(commands, repository.list_ended_sessions(database, AT_ONCE, user_id))
    except (DependencyUnavailable, RedisError) as error:
        logger().warning("sessions.not_marked", exc_info=error)


def mark_own_ended(database: Database, commands: Commands) -> None:
    """Do the same for the caller; `database` acts as the user."""
    try:
        end_tokens(commands, repository.list_own_ended_sessions(database))
    except (DependencyUnavailable, RedisError) as error:
        logger().warning("sessions.not_marked", exc_info=error)


def finish_ended(database: Database, commands: Commands) -> int:
    """Refuse the tokens of all ended sessions, page by page; return how many.

    While Redis is unavailable they stay recorded, and the next run continues.
    """
    finished = page_by_page(
        lambda: _finish(database, commands, repository.list_ended_sessions(database, AT_ONCE)),
        AT_ONCE,
        seconds=_SECONDS_PER_PAGE,
    )
    if finished:
        logger().info("sessions.finished", extra={"count": finished})
    return finished


def _finish(database: Database, commands: Commands, session_ids: Sequence[UUID]) -> int:
    if not session_ids:
        return 0
    try:
        end_tokens(commands, session_ids)
    except (DependencyUnavailable, RedisError) as error:
        logger().warning("sessions.redis_away", extra={"count": len(session_ids)}, exc_info=error)
        return 0
    return repository.finish_ended_sessions(database, session_ids)
