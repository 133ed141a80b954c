"""EventBridge, every minute: enqueues the emails that are due, and reports the backlog.

See sending/sweep.py and operating/operations.py in wingman/notifications/email.
"""

from typing import Any

from wingman.kit.clients.database import get_service_client
from wingman.kit.clients.queue import queue
from wingman.kit.clock import LambdaContext, deadline
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.settings import SupabaseServiceSettings, check
from wingman.notifications.email.operating import operations
from wingman.notifications.email.sending import repository, sweep
from wingman.notifications.settings import QueueSettings

check(DeploymentSettings, SupabaseServiceSettings, QueueSettings)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Sweep once; running twice does no harm."""
    with deadline(context):
        enqueued = sweep.enqueue_due_emails(repository.outbox(), queue())
        operations.report(get_service_client())
    return {"enqueued": enqueued}
