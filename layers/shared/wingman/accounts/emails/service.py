"""Records the emails that Supabase Auth asks for, and hands them to the queue of urgent ones."""

from typing import TYPE_CHECKING

from wingman.accounts.emails import repository, rules
from wingman.accounts.emails.models import EmailRequest, Outcome
from wingman.kit.clients.database import Database
from wingman.kit.clock import utc_now
from wingman.kit.observability import logger
from wingman.notifications import service as notifications

if TYPE_CHECKING:
    from wingman.kit.clients.queue import Queue


def record(database: Database, queue: "Queue", request: EmailRequest, secret: str) -> Outcome:
    """Record what a request asks for; a repeat changes nothing.

    The account may not exist yet: Supabase Auth asks in the transaction that creates it.
    """
    kind = request.email_data.email_action_type[:40]
    emails = rules.emails_of(request, secret.encode())
    if not emails:
        logger().warning("account_emails.unknown_kind", extra={"kind": kind})
        return Outcome.IGNORED
    recorded = repository.record(database, request.user.id, emails, utc_now() + rules.LIFE)
    notifications.enqueue(queue, recorded.due)
    logger().info("account_emails.asked", extra={"kind": kind, "outcome": recorded.outcome})
    return recorded.outcome
