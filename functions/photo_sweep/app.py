"""EventBridge, every minute and every hour: deletes the objects of photos that are gone.

See wingman/photos/sweep.py. The hourly event asks for the walk through the bucket as well.
"""

from typing import Any

from wingman.kit.clients.cdn import cdn
from wingman.kit.clients.database import get_service_client
from wingman.kit.clients.storage import storage
from wingman.kit.clock import LambdaContext
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.invocation import invocation
from wingman.kit.settings import AwsSettings, RedisSettings, SupabaseServiceSettings, check, load
from wingman.photos import sweep
from wingman.photos.settings import PhotoCdnSettings, PhotoSettings

check(
    *(DeploymentSettings, SupabaseServiceSettings, RedisSettings, AwsSettings),
    *(PhotoSettings, PhotoCdnSettings),
)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Sweep once; running twice does no harm."""
    with invocation(event, context):
        bucket = storage(load(PhotoSettings).photos_bucket)
        database = get_service_client()
        done = {"settled": sweep.settle(database)}
        sweep.probe(bucket)
        done["deleted"] = sweep.delete_doomed(database, bucket)
        if event["walk"]:
            done["lost"] = sweep.delete_lost(database, bucket)
        distribution = cdn(load(PhotoCdnSettings).photos_distribution)
        done["invalidated"] = sweep.invalidate_doomed(database, distribution)
    return done
