"""The work that remains after an account is deleted (supabase/schemas/680_departures.sql)."""

from collections.abc import Callable, Collection
from uuid import UUID

from wingman.accounts import repository
from wingman.kit.clients.commands import RedisError
from wingman.kit.clients.database import Database
from wingman.kit.clock import page_by_page
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger
from wingman.kit.presence.departures import depart
from wingman.realtime import service as realtime
from wingman.realtime.service import Realtime

PAGE = 100
_SECONDS_PER_PAGE = 5.0  # two rpcs and two pipelines, each within its timeout


def finish_departures(
    database: Database, live: Realtime, forget: Callable[[Collection[UUID]], None]
) -> int:
    """End tokens and connections of deleted accounts, and delete their keys; return how many.

    What Redis does not take stays recorded for the next run.
    """
    finished = page_by_page(
        lambda: _finish_page(database, live, forget),
        PAGE,
        seconds=_SECONDS_PER_PAGE,
    )
    if finished:
        logger().info("departures.finished", extra={"count": finished})
    return finished


def _finish_page(
    database: Database, live: Realtime, forget: Callable[[Collection[UUID]], None]
) -> int:
    departures = repository.list_departures(database, PAGE)
    if not departures:
        return 0
    users = [departure.user_id for departure in departures]
    try:
        depart(live.commands, users)
    except (DependencyUnavailable, RedisError) as error:
        logger().warning("departures.redis_away", extra={"count": len(users)}, exc_info=error)
        return 0
    realtime.end_users(live, users)
    partners = {partner for departure in departures for partner in departure.partner_ids}
    forget({*users, *partners})
    return repository.finish_departures(database, users)
