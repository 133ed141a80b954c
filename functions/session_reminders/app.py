"""EventBridge, every minute: enqueues and lists what is due, reports the backlog, ends sessions.

See sending/sweep.py and operating/operations.py in wingman/notifications/email, and accounts.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from wingman.accounts import service as accounts
from wingman.accounts import sessions
from wingman.conversations import service as conversations
from wingman.discovery import keys as discovery
from wingman.kit.clients.database import get_service_client
from wingman.kit.clients.queue import queue
from wingman.kit.clients.redis import redis
from wingman.kit.clock import LambdaContext
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.invocation import invocation
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, check
from wingman.notifications.email.operating import operations
from wingman.notifications.email.sending import repository, sweep
from wingman.notifications.feed import service as feed
from wingman.notifications.push import sweep as push_sweep
from wingman.notifications.push.repository import DatabasePushes
from wingman.notifications.settings import QueueSettings
from wingman.realtime.service import realtime
from wingman.realtime.settings import RealtimeSettings
from wingman.reputation import service as reputation

check(DeploymentSettings, SupabaseServiceSettings, QueueSettings, RedisSettings, RealtimeSettings)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Sweep once; running twice does no harm."""
    with invocation(event, context):
        database = get_service_client()
        conversations.record_emails(database)
        enqueued = sweep.enqueue_due_emails(repository.outbox(), queue())
        operations.report(database)
        feed.list_due(database)
        enqueued += push_sweep.enqueue_due_pushes(DatabasePushes(database), queue())
        accounts.finish_departures(database, realtime(), _forget)
        sessions.finish_ended(database, realtime())
    return {"enqueued": enqueued}


def _forget(users: Collection[UUID]) -> None:
    """Drop what is cached of deleted accounts."""
    reputation.forget(reputation.cache(), users)
    discovery.forget(redis(), users)
