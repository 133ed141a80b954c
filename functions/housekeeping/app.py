"""EventBridge, every hour: ends what nobody ended. See the services that it calls."""

from typing import Any

from wingman.kit.clock import LambdaContext, deadline
from wingman.kit.database import get_service_client
from wingman.matches import service as matches
from wingman.reputation import service as reputation
from wingman.sessions import service as sessions


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Close sessions whose grace is over and expire invitations; twice does no harm."""
    with deadline(context):
        database = get_service_client()
        return {
            "sessions_closed": sessions.close_overdue(database, reputation.cache()),
            "matches_expired": matches.expire(database),
        }
