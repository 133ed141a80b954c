"""EventBridge, every 15 minutes: queues the users whose lists of profiles are stale.

See wingman/discovery/refreshing.py.
"""

from typing import Any

from wingman.discovery import refreshing
from wingman.discovery.settings import RefreshSettings
from wingman.kit.clients.database import get_service_client
from wingman.kit.clients.queue import queue
from wingman.kit.clock import LambdaContext
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.invocation import invocation
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, check, load

check(DeploymentSettings, SupabaseServiceSettings, RedisSettings, RefreshSettings)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Queue once; a second run finds them claimed."""
    with invocation(event, context):
        url = load(RefreshSettings).recommendations_queue_url
        return {"queued": refreshing.enqueue_stale(get_service_client(), queue(), url)}
