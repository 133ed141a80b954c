"""Likes and passes.

Each step is one SQL function (supabase/schemas), which takes turns with the other steps of the
pair. This module then drops reputations that the end of a match has changed, and hands what is due
to the queue; if that fails, the next minute's sweep does it.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from wingman.kit.clients.database import Database
from wingman.kit.clock import page_by_page
from wingman.kit.observability import logger
from wingman.kit.paging import Page
from wingman.likes import repository
from wingman.likes.models import Direction, Effects, Like, LikeStep, Pass, PassStep
from wingman.matches import service as matches
from wingman.notifications import service as notifications
from wingman.realtime import service as realtime
from wingman.realtime.service import Realtime
from wingman.reputation import service as reputation
from wingman.reputation.models import ReputationCache

if TYPE_CHECKING:
    from wingman.kit.clients.queue import (
        Queue,  # imports botocore, which housekeeping does not need
    )

PAGE = 1000
_SECONDS_PER_PAGE = 6.0  # one rpc, within its timeout


def like(database: Database, queue: "Queue", live: Realtime, user_id: UUID) -> LikeStep:
    """Like a user; the second like of a pair makes their match and notifies both.

    The same like again changes nothing. Raises UserNotFound, NotYourself, ProfileIncomplete,
    PairEnded, DailyEmailLimit.
    """
    step = repository.like(database, user_id)
    if step.due and step.match:
        logger().info("match.liked", extra={"match_id": str(step.match.id), "due": len(step.due)})
    notifications.enqueue(queue, step.due)
    matches.show_new(live, step.views)
    return step


def unlike(
    database: Database, queue: "Queue", cache: ReputationCache, live: Realtime, user_id: UUID
) -> None:
    """Take back a like, and end the match that came of it."""
    _finish(queue, cache, live, repository.unlike(database, user_id), "like.removed")


def pass_on(
    database: Database, queue: "Queue", cache: ReputationCache, live: Realtime, user_id: UUID
) -> PassStep:
    """Pass on a user for 30 days, which takes back a like. Raises UserNotFound, NotYourself."""
    step = repository.pass_on(database, user_id)
    _finish(queue, cache, live, step, "pass.given")
    return step


def undo_pass(database: Database, user_id: UUID) -> None:
    """Undo a pass. Raises PairEnded."""
    repository.undo_pass(database, user_id)


def list_likes(
    database: Database, direction: Direction, page: Page
) -> tuple[list[Like], str | None]:
    """Return a page of likes, newest first, and the cursor of the next page."""
    return page.cut(repository.list_likes(database, direction, page))


def list_passes(database: Database, page: Page) -> tuple[list[Pass], str | None]:
    """Return a page of passes that count, newest first, and the cursor of the next page."""
    return page.cut(repository.list_passes(database, page))


def prune_passes(database: Database) -> int:
    """Delete the passes whose 30 days are over, page by page, and return their number."""
    return page_by_page(
        lambda: repository.prune_passes(database, PAGE), PAGE, seconds=_SECONDS_PER_PAGE
    )


def _finish(
    queue: "Queue", cache: ReputationCache, live: Realtime, effects: Effects, event: str
) -> None:
    reputation.forget(cache, effects.changed_users)
    logger().info(event, extra={"due": len(effects.due)})
    notifications.enqueue(queue, effects.due)
    realtime.end_match(live, effects.ended_match)
