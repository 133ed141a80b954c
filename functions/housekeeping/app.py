"""EventBridge, every hour: ends what nobody ended, forgets what is old, reports the day's mail."""

from typing import Any

from wingman.emails import digests, history, operations
from wingman.kit.clock import LambdaContext, deadline
from wingman.kit.database import get_service_client
from wingman.kit.settings import AppSettings, RedisSettings, SupabaseServiceSettings, check
from wingman.matches import service as matches
from wingman.reputation import service as reputation
from wingman.sessions import service as sessions

check(AppSettings, SupabaseServiceSettings, RedisSettings)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Close overdue sessions, expire invitations, record digests, prune the mail log.

    Twice does no harm.
    """
    with deadline(context):
        database = get_service_client()
        operations.report_rates(database)
        return {
            "sessions_closed": sessions.close_overdue(database, reputation.cache()),
            "matches_expired": matches.expire(database),
            "digests_recorded": digests.record(database),
            "emails_pruned": history.prune(database),
        }
