"""SQS: sends the emails of a batch. See wingman/notifications/email/sending/service.py."""

from typing import Any

from wingman.kit.clock import LambdaContext
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.invocation import invocation
from wingman.kit.observability import logger
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, check
from wingman.notifications.email.sending import service as emails
from wingman.notifications.email.sending.settings import EmailSettings
from wingman.notifications.email.settings import ResendSettings
from wingman.notifications.models import EmailIds

from pydantic import ValidationError

check(DeploymentSettings, SupabaseServiceSettings, RedisSettings, ResendSettings, EmailSettings)

# Powertools' BatchProcessor would add 60 ms to a cold start, and it passes on one message at a
# time, while all emails of a batch are sent in one request.


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Send all emails of a batch. Malformed messages return to the queue; in an outage, all do."""
    with invocation(event, context):
        ids, failed = [], []
        for message in event["Records"]:
            try:
                ids += EmailIds.model_validate_json(message["body"]).email_ids
            except ValidationError:
                failed.append(message["messageId"])
                logger().error("emails.message_malformed", extra={"message_id": failed[-1]})
        try:
            emails.send(emails.sender(), ids)
        except DependencyUnavailable as error:
            logger().warning("emails.outbox_away", extra={"dependency": error.dependency})
            failed = [message["messageId"] for message in event["Records"]]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}
