"""Blocks and reports of users, and what operators decide about them.

A step changes for whom a user exists. The cached reputation depends on that, so each step drops it.
"""

from uuid import UUID

from wingman.kit.clients.database import Database
from wingman.kit.clients.queue import Queue
from wingman.kit.observability import logger
from wingman.kit.paging import Page
from wingman.notifications import service as notifications
from wingman.realtime import service as realtime
from wingman.realtime.service import Realtime
from wingman.reputation import service as reputation
from wingman.reputation.models import ReputationCache
from wingman.safety import repository
from wingman.safety.models import Block, NewReport, Report


def block(
    database: Database, queue: Queue, cache: ReputationCache, live: Realtime, user_id: UUID
) -> None:
    """Keep a user and the caller apart, and end their match. Any id may be blocked.

    Raises InvalidRequest for the caller's own id, and DailyBlockLimit.
    """
    change = repository.block(database, user_id)
    reputation.forget(cache, change.changed_users)
    logger().info("user.blocked", extra={"due": len(change.due)})
    notifications.enqueue(queue, change.due)
    realtime.end_match(live, change.ended_match)


def unblock(database: Database, cache: ReputationCache, user_id: UUID) -> None:
    """Remove one of the caller's blocks; nothing that it ended is restored."""
    change = repository.unblock(database, user_id)
    reputation.forget(cache, change.changed_users)
    logger().info("user.unblocked")


def list_blocks(database: Database, page: Page) -> tuple[list[Block], str | None]:
    """Return a page of the caller's blocks, newest first, and the cursor of the next page."""
    return page.cut(repository.list_blocks(database, page))


def report(database: Database, cache: ReputationCache, new: NewReport) -> Report:
    """Report a user to the operators; a repeated report returns the first one.

    Raises InvalidRequest for the caller's own id, and DailyReportLimit.
    """
    made = repository.report(database, new)
    reputation.forget(cache, [new.user_id])
    logger().info("user.reported", extra={"report_id": str(made.id), "reason": new.reason})
    return made
