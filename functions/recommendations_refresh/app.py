"""EventBridge, every 15 minutes: queues the users whose lists of profiles are stale.

See wingman/discovery/refreshing.py.
"""

from typing import Any

from wingman.discovery import refreshing
from wingman.discovery.settings import RefreshSettings
from wingman.kit.clients.database import get_service_client
from wingman.kit.clients.queue import queue
from wingman.kit.clock import LambdaContext, deadline
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, check, load

check(DeploymentSettings, SupabaseServiceSettings, RedisSettings, RefreshSettings)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Queue once; a second run finds them claimed."""
    url = load(RefreshSettings).recommendations_queue_url
    with deadline(context):
        return {"queued": refreshing.enqueue_stale(get_service_client(), queue(), url)}
