"""EventBridge, every hour: closes and expires, records digests, prunes, reports email rates."""

from collections.abc import Callable
from typing import Any

from wingman.accounts import attempts
from wingman.conversations import service as conversations
from wingman.kit import idempotency
from wingman.kit.clients.database import Database, get_service_client
from wingman.kit.clock import LambdaContext
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.invocation import invocation
from wingman.kit.observability import logger
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, check
from wingman.likes import service as likes
from wingman.matches import service as matches
from wingman.notifications.email.operating import digests, operations
from wingman.notifications.email.readers import history
from wingman.notifications.feed import service as feed
from wingman.reputation import service as reputation
from wingman.sessions import service as sessions

check(DeploymentSettings, SupabaseServiceSettings, RedisSettings)

_STEPS: dict[str, Callable[[Database], int]] = {
    "sessions_closed": lambda database: sessions.close_overdue(database, reputation.cache()),
    "matches_expired": matches.expire,
    "passes_pruned": likes.prune_passes,
    "digests_recorded": digests.record,
    "emails_pruned": history.prune,
    "notifications_pruned": feed.prune,
    "conversations_pruned": conversations.prune,
    "keys_pruned": idempotency.prune,
    "attempts_pruned": attempts.prune,
    "emails_reported": operations.report_rates,
}


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Run every step, even if another one fails; running twice does no harm.

    Raises an ExceptionGroup of the failures, so that AWS retries and the alarms show them.
    """
    done: dict[str, int] = {}
    failures: list[Exception] = []
    with invocation(event, context):
        database = get_service_client()
        for name, step in _STEPS.items():
            try:
                done[name] = step(database)
            except Exception as error:  # noqa: BLE001 - raised below, with the others
                logger().exception("housekeeping.step_failed", extra={"step": name})
                failures.append(error)
        if failures:
            raise ExceptionGroup("housekeeping", failures)
    return done
