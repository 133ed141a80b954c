"""What can happen to a session.

Each step is one SQL function that checks who calls, locks the session, changes it and records the
mails that tell of it, all in one transaction (supabase/schemas). What is left to do here: drop
the reputations it touched, before anybody is told of the change, and hand the recorded mails to
the queue.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from wingman.kit.clients.database import Database
from wingman.kit.clock import page_by_page
from wingman.kit.idempotency import IdempotencyKey
from wingman.kit.observability import logger
from wingman.kit.paging import Page
from wingman.notifications import service as notifications
from wingman.reputation import service as reputation
from wingman.reputation.models import ReputationCache
from wingman.sessions import repository
from wingman.sessions.calendar import calendar_file
from wingman.sessions.models import Change, Plan, Session, SessionChange, SessionStatus

if TYPE_CHECKING:
    from wingman.kit.clients.queue import (
        Queue,  # signs with botocore, which housekeeping never needs
    )

PAGE = 200
_SECONDS_PER_PAGE = 6.0  # one rpc and one Redis call, each within its timeout


def create(
    database: Database,
    queue: "Queue",
    cache: ReputationCache,
    plan: Plan,
    *,
    key: IdempotencyKey,
) -> SessionChange:
    """Plan a meeting on an accepted match. The same key again returns the first answer.

    Mails both and writes their reminders. Raises InvalidTime, MatchNotFound, ChallengeNotFound,
    MatchNotAccepted, SessionAlreadyOpen, IdempotencyKeyReused.
    """
    change = repository.create(database, plan, key)
    return _announce(queue, cache, change, "session.created")


def update(
    database: Database,
    queue: "Queue",
    cache: ReputationCache,
    session_id: UUID,
    change: Change,
) -> Session:
    """Change time, place or notes. Another time or place mails both and moves the reminders.

    Raises InvalidTime, SessionNotFound, SessionNotOpen.
    """
    changed = repository.update(database, session_id, change)
    return _announce(queue, cache, changed, "session.updated").session


def cancel(
    database: Database,
    queue: "Queue",
    cache: ReputationCache,
    session_id: UUID,
    reason: str | None,
) -> Session:
    """Call a meeting off and mail the other; shortly before the start that is a no-show.

    Raises SessionNotFound, SessionNotOpen, SessionAlreadyAnswered.
    """
    change = repository.cancel(database, session_id, reason)
    return _announce(queue, cache, change, "session.cancelled").session


def confirm(
    database: Database, queue: "Queue", cache: ReputationCache, session_id: UUID
) -> Session:
    """Say that the other took part; the second of two completes the session.

    Raises SessionNotFound, SessionNotStarted, SessionNotOpen.
    """
    change = repository.confirm(database, session_id)
    return _announce(queue, cache, change, "session.confirmed").session


def report_no_show(
    database: Database, queue: "Queue", cache: ReputationCache, session_id: UUID
) -> Session:
    """Say that the other did not come.

    Raises SessionNotFound, SessionNotOpen, SessionAlreadyAnswered, NoShowTooEarly, NoShowTooLate.
    """
    change = repository.report_no_show(database, session_id)
    return _announce(queue, cache, change, "session.no_show_reported").session


def get(database: Database, session_id: UUID) -> Session:
    """Read one session. Raises SessionNotFound, also for a session of others."""
    return repository.get(database, session_id)


def calendar(database: Database, session_id: UUID) -> str:
    """Write a session as a calendar file (RFC 5545). Raises SessionNotFound."""
    return calendar_file(repository.event(database, session_id))


def calendar_by_link(database: Database, session_id: UUID, user_id: UUID) -> str:
    """Write the same for whom a signed link names, without notes. Raises SessionNotFound."""
    return calendar_file(repository.event_of(database, session_id, user_id))


def list_sessions(
    database: Database, status: SessionStatus | None, page: Page
) -> tuple[list[Session], str | None]:
    """Read a page of the caller's sessions, newest first, and the next page's cursor."""
    return page.cut(repository.list_sessions(database, status, page))


def close_overdue(database: Database, cache: ReputationCache) -> int:
    """End every session whose grace is over, by what was said about it; counts them.

    Pages until nothing is left or time is short; each page drops the reputations that it touched.
    The feedback mails it recorded go out with the next sweep.
    """

    def close() -> int:
        page = repository.close_overdue(database, PAGE)
        reputation.forget(cache, {user for session in page for user in session.users})
        return len(page)

    closed = page_by_page(close, PAGE, seconds=_SECONDS_PER_PAGE)
    logger().info("sessions.closed", extra={"count": closed})
    return closed


def _announce(
    queue: "Queue", cache: ReputationCache, change: SessionChange, event: str
) -> SessionChange:
    reputation.forget(cache, change.changed_users)
    facts = {"session_id": str(change.session.id), "status": change.session.status}
    logger().info(event, extra=facts | {"emails": len(change.emails)})
    notifications.enqueue(queue, change.emails)
    return change
