"""SQS: sends the pushes of a batch. See wingman/notifications/push/service.py."""

from typing import Any

from wingman.kit.clock import LambdaContext
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.invocation import invocation
from wingman.kit.observability import logger
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, check
from wingman.notifications.email.letters.settings import BrandSettings
from wingman.notifications.push import service as pushes
from wingman.notifications.push.models import PushIds
from wingman.notifications.push.settings import PushSettings

from pydantic import ValidationError

check(DeploymentSettings, SupabaseServiceSettings, RedisSettings, PushSettings, BrandSettings)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Send all pushes of a batch. Malformed messages return to the queue; in an outage, all do."""
    with invocation(event, context):
        ids, failed = [], []
        for message in event["Records"]:
            try:
                ids += PushIds.model_validate_json(message["body"]).push_ids
            except ValidationError:
                failed.append(message["messageId"])
                logger().error("pushes.message_malformed", extra={"message_id": failed[-1]})
        try:
            pushes.send(pushes.sender(), ids)
        except DependencyUnavailable as error:
            logger().warning("pushes.database_away", extra={"dependency": error.dependency})
            failed = [message["messageId"] for message in event["Records"]]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}
