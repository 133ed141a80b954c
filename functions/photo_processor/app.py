"""SQS, from S3: checks and re-encodes uploads. See wingman/photos/processing/service.py."""

from functools import cache
from typing import Any

from wingman.kit.clients.database import get_service_client
from wingman.kit.clients.storage import storage
from wingman.kit.clock import LambdaContext
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.invocation import invocation
from wingman.kit.observability import logger
from wingman.kit.settings import AwsSettings, RedisSettings, SupabaseServiceSettings, check, load
from wingman.photos.imaging_sandbox import decode
from wingman.photos.processing import service as photos
from wingman.photos.processing.events import uploaded_keys
from wingman.photos.processing.moderation import NoModeration
from wingman.photos.processing.repository import DatabasePhotos
from wingman.photos.settings import PhotoSettings

from pydantic import ValidationError

check(DeploymentSettings, SupabaseServiceSettings, RedisSettings, AwsSettings, PhotoSettings)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Process the uploads of a batch; malformed messages go back to the queue, as in an outage."""
    failed = []
    with invocation(event, context):
        for message in event["Records"]:
            try:
                for key in uploaded_keys(message["body"]):
                    photos.process(processor(), key)
            except ValidationError:
                failed.append(message["messageId"])
                logger().error("photos.message_malformed", extra={"message_id": failed[-1]})
            except DependencyUnavailable as error:
                failed.append(message["messageId"])
                logger().warning("photos.away", extra={"dependency": error.dependency})
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}


@cache
def processor() -> photos.Processor:
    bucket = storage(load(PhotoSettings).photos_bucket)
    return photos.Processor(DatabasePhotos(get_service_client()), bucket, decode, NoModeration())
