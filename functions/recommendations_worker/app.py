"""SQS: makes the lists of profiles of users whose lists are stale.

See wingman/discovery/refreshing.py.
"""

from typing import Any

from wingman.discovery import lists, refreshing
from wingman.discovery.models import UserIds
from wingman.kit.clients.database import get_service_client
from wingman.kit.clock import LambdaContext
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.invocation import invocation
from wingman.kit.observability import logger
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, check

from pydantic import ValidationError

check(DeploymentSettings, SupabaseServiceSettings, RedisSettings)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Refresh the lists of a batch; malformed messages go back to the queue, as in an outage."""
    failed = []
    with invocation(event, context):
        for message in event["Records"]:
            try:
                users = UserIds.model_validate_json(message["body"]).user_ids
                refreshing.refresh(get_service_client(), lists.cache(), users)
            except ValidationError:
                failed.append(message["messageId"])
                logger().error("discovery.message_malformed", extra={"message_id": failed[-1]})
            except DependencyUnavailable as error:
                failed.append(message["messageId"])
                logger().warning("discovery.away", extra={"dependency": error.dependency})
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}
