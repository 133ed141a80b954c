"""What can happen to a match.

Each step is one SQL function that checks who calls, locks the match, changes it and records the
mails that tell of it, all in one transaction (supabase/schemas). What is left to do here is
to hand the recorded mails to the queue: if that fails, the minutely sweep does it.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from wingman.kit.clients.database import Database
from wingman.kit.clock import page_by_page
from wingman.kit.idempotency import IdempotencyKey
from wingman.kit.observability import logger
from wingman.kit.paging import Page
from wingman.matches import repository
from wingman.matches.models import Action, Invitation, Match, MatchChange, MatchStatus
from wingman.notifications import service as notifications

if TYPE_CHECKING:
    from wingman.kit.clients.queue import (
        Queue,  # signs with botocore, which housekeeping never needs
    )

PAGE = 500
_SECONDS_PER_PAGE = 6.0  # one rpc, within its timeout


def request(
    database: Database,
    queue: "Queue",
    invitation: Invitation,
    *,
    key: IdempotencyKey,
    max_daily: int,
) -> MatchChange:
    """Invite someone. The same key again returns the first answer and mails nobody.

    Raises InviteeNotFound, CannotInviteYourself, MatchAlreadyOpen, RecentlyDeclined,
    DailyMatchLimit, IdempotencyKeyReused.
    """
    change = repository.request(database, invitation, key, max_daily)
    return _announce(queue, change, "match.requested")


def respond(database: Database, queue: "Queue", match_id: UUID, action: Action) -> Match:
    """Accept or decline, as the invited person, once; the same answer again changes nothing.

    Accepting mails both, declining mails who invited. Raises MatchNotFound,
    InitiatorCannotRespond, MatchAlreadyAnswered, MatchExpired.
    """
    change = repository.respond(database, match_id, action)
    return _announce(queue, change, f"match.{change.match.status}").match


def withdraw(database: Database, queue: "Queue", match_id: UUID) -> Match:
    """Take back an invitation that nobody has answered.

    Raises MatchNotFound, OnlyInitiatorCanWithdraw, MatchAlreadyAnswered, MatchExpired.
    """
    change = repository.withdraw(database, match_id)
    return _announce(queue, change, "match.withdrawn").match


def get(database: Database, match_id: UUID) -> Match:
    """Read one match. Raises MatchNotFound, also for a match of others."""
    return repository.get(database, match_id)


def list_matches(
    database: Database, status: MatchStatus | None, page: Page
) -> tuple[list[Match], str | None]:
    """Read a page of the caller's matches, newest first, and the next page's cursor."""
    return page.cut(repository.list_matches(database, status, page))


def expire(database: Database) -> int:
    """Mark every invitation whose 48 hours are over, page by page; counts them."""
    expired = page_by_page(
        lambda: repository.expire(database, PAGE), PAGE, seconds=_SECONDS_PER_PAGE
    )
    logger().info("matches.expired", extra={"count": expired})
    return expired


def _announce(queue: "Queue", change: MatchChange, event: str) -> MatchChange:
    logger().info(event, extra={"match_id": str(change.match.id), "emails": len(change.emails)})
    notifications.enqueue(queue, change.emails)
    return change
