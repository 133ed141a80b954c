"""The steps of a session: each is one SQL function that changes it and records the emails."""

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
        Queue,  # imports botocore, which housekeeping does not need
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
    """Plan a meeting on an accepted match, with emails to both and reminders.

    The same key again returns the first answer.
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
    """Change time, place or notes. Another time or place emails both and moves the reminders."""
    changed = repository.update(database, session_id, change)
    return _announce(queue, cache, changed, "session.updated").session


def cancel(
    database: Database,
    queue: "Queue",
    cache: ReputationCache,
    session_id: UUID,
    reason: str | None,
) -> Session:
    """Cancel a meeting and email the other user; shortly before the start it is a no-show."""
    change = repository.cancel(database, session_id, reason)
    return _announce(queue, cache, change, "session.cancelled").session


def confirm(
    database: Database, queue: "Queue", cache: ReputationCache, session_id: UUID
) -> Session:
    """Confirm that the other user took part; the second confirmation completes the session."""
    change = repository.confirm(database, session_id)
    return _announce(queue, cache, change, "session.confirmed").session


def report_no_show(
    database: Database, queue: "Queue", cache: ReputationCache, session_id: UUID
) -> Session:
    """Report that the other user did not come."""
    change = repository.report_no_show(database, session_id)
    return _announce(queue, cache, change, "session.no_show_reported").session


def get(database: Database, session_id: UUID) -> Session:
    """Raise SessionNotFound, also for a session of other users."""
    return repository.get(database, session_id)


def calendar(database: Database, session_id: UUID) -> str:
    return calendar_file(repository.event(database, session_id))


def calendar_by_link(database: Database, session_id: UUID, user_id: UUID) -> str:
    """Return the file without notes, for the user of a signed link."""
    return calendar_file(repository.event_of(database, session_id, user_id))


def list_sessions(
    database: Database, status: SessionStatus | None, page: Page
) -> tuple[list[Session], str | None]:
    return page.cut(repository.list_sessions(database, status, page))


def close_overdue(database: Database, cache: ReputationCache) -> int:
    """Close every session a day after its start by its confirmations; return their number.

    The next sweep sends the feedback emails that it recorded.
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
    logger().info(event, extra=facts | {"due": len(change.due)})
    notifications.enqueue(queue, change.due)
    return change
