"""The steps of a match: each is one SQL function that changes it and records the emails."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from wingman.kit.clients.database import Database
from wingman.kit.clock import page_by_page
from wingman.kit.idempotency import IdempotencyKey
from wingman.kit.observability import logger
from wingman.kit.paging import Page
from wingman.matches import repository
from wingman.matches.models import Answer, Invitation, Match, MatchChange, MatchStatus
from wingman.notifications import service as notifications
from wingman.realtime import frames
from wingman.realtime import service as realtime
from wingman.realtime.service import Realtime
from wingman.reputation import service as reputation
from wingman.reputation.models import ReputationCache

if TYPE_CHECKING:
    from wingman.kit.clients.queue import (
        Queue,  # imports botocore, which housekeeping does not need
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
    """Invite a user. The same key again returns the first answer and sends no email.

    Raises InviteeNotFound, CannotInviteYourself, MatchAlreadyOpen, RecentlyDeclined,
    RecentlyWithdrawn, DailyMatchLimit, DailyEmailLimit, IdempotencyKeyReused.
    """
    change = repository.request(database, invitation, key, max_daily)
    return _announce(queue, change, "match.requested")


def respond(
    database: Database, queue: "Queue", live: Realtime, match_id: UUID, answer: Answer
) -> Match:
    """Accept or decline; accepting emails both users, declining only the initiator."""
    change = repository.respond(database, match_id, answer)
    _announce(queue, change, f"match.{change.match.status}")
    show_new(live, change.views)
    return change.match


def withdraw(database: Database, queue: "Queue", match_id: UUID) -> Match:
    """Withdraw an invitation that has not been answered."""
    change = repository.withdraw(database, match_id)
    return _announce(queue, change, "match.withdrawn").match


def unmatch(
    database: Database, queue: "Queue", cache: ReputationCache, live: Realtime, match_id: UUID
) -> Match:
    """End an accepted match for good; again, it changes nothing.

    Notifies the other user, and cancels the open session, which may be a no-show. Raises
    MatchNotFound, MatchNotAccepted.
    """
    change = repository.unmatch(database, match_id)
    reputation.forget(cache, change.changed_users)
    _announce(queue, change, "match.ended")
    realtime.end_match(live, change.ended_match)
    return change.match


def show_new(live: Realtime, views: Mapping[UUID, Match]) -> None:
    """Post a new match to those of its users who are connected."""
    realtime.deliver_each(
        live, {user: frames.match(match.model_dump(mode="json")) for user, match in views.items()}
    )


def get(database: Database, match_id: UUID) -> Match:
    """Raise MatchNotFound, also for a match of other users."""
    return repository.get(database, match_id)


def list_matches(
    database: Database, status: MatchStatus | None, page: Page
) -> tuple[list[Match], str | None]:
    return page.cut(repository.list_matches(database, status, page))


def expire(database: Database) -> int:
    """Expire every invitation after its 48 hours; return their number."""
    expired = page_by_page(
        lambda: repository.expire(database, PAGE), PAGE, seconds=_SECONDS_PER_PAGE
    )
    logger().info("matches.expired", extra={"count": expired})
    return expired


def _announce(queue: "Queue", change: MatchChange, event: str) -> MatchChange:
    logger().info(event, extra={"match_id": str(change.match.id), "due": len(change.due)})
    notifications.enqueue(queue, change.due)
    return change
