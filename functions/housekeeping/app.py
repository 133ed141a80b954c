"""EventBridge, every hour: ends what nobody ended, forgets what is old, reports the day's mail."""

from typing import Any

from wingman.emails import history, operations
from wingman.kit.clock import LambdaContext, deadline
from wingman.kit.database import get_service_client
from wingman.matches import service as matches
from wingman.reputation import service as reputation
from wingman.sessions import service as sessions


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Close overdue sessions, expire invitations, prune the mail log; twice does no harm."""
    with deadline(context):
        database = get_service_client()
        operations.report_rates(database)
        return {
            "sessions_closed": sessions.close_overdue(database, reputation.cache()),
            "matches_expired": matches.expire(database),
            "emails_pruned": history.prune(database),
        }
