"""The end of sessions, however they ended (supabase/schemas/685_ended_sessions.sql)."""

from collections.abc import Callable, Sequence
from uuid import UUID

from wingman.accounts import repository
from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.database import Database
from wingman.kit.clock import page_by_page
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger
from wingman.kit.presence.ended import end_tokens
from wingman.realtime import service as realtime
from wingman.realtime.service import Realtime

AT_ONCE = 1000
_SECONDS_PER_PAGE = 8.0


def mark_ended(database: Database, commands: Commands, user_id: UUID) -> Sequence[UUID]:
    """Refuse the tokens of a user's ended sessions, and return those sessions.

    The sweep marks what this cannot, and closes their connections.
    """
    return _mark(commands, lambda: repository.list_ended_sessions(database, AT_ONCE, user_id))


def end(database: Database, live: Realtime, user_id: UUID) -> None:
    """Refuse the tokens of a user's ended sessions, and close their connections."""
    realtime.end_sessions(live, mark_ended(database, live.commands, user_id))


def end_own(database: Database, live: Realtime) -> None:
    """Do the same for the caller; `database` acts as the user."""
    ended = _mark(live.commands, lambda: repository.list_own_ended_sessions(database))
    realtime.end_sessions(live, ended)


def _mark(commands: Commands, ended: Callable[[], Sequence[UUID]]) -> Sequence[UUID]:
    try:
        found = ended()
        end_tokens(commands, found)
    except (DependencyUnavailable, RedisError) as error:
        logger().warning("sessions.not_marked", exc_info=error)
        return ()
    return found


def finish_ended(database: Database, live: Realtime) -> int:
    """Refuse the tokens of all ended sessions and close their connections; return how many.

    While Redis is unavailable they stay recorded, and the next run continues.
    """
    finished = page_by_page(
        lambda: _finish(database, live, repository.list_ended_sessions(database, AT_ONCE)),
        AT_ONCE,
        seconds=_SECONDS_PER_PAGE,
    )
    if finished:
        logger().info("sessions.finished", extra={"count": finished})
    return finished


def _finish(database: Database, live: Realtime, session_ids: Sequence[UUID]) -> int:
    if not session_ids:
        return 0
    try:
        end_tokens(live.commands, session_ids)
    except (DependencyUnavailable, RedisError) as error:
        logger().warning("sessions.redis_away", extra={"count": len(session_ids)}, exc_info=error)
        return 0
    realtime.end_sessions(live, session_ids)
    return repository.finish_ended_sessions(database, session_ids)
