"""Checks of photos: the database has their address, and uploads reach the worker's queue."""

import os

from local.doctor.clients import client
from local.doctor.findings import Findings, fail, ok, warn
from wingman.kit.clients.database import DatabaseError, get_service_client
from wingman.kit.errors import DependencyUnavailable


def check_photos() -> Findings:
    """Read the address that the database puts into its answers."""
    try:
        address = get_service_client().rpc("get_photos_url", {}, idempotent=True)
    except DatabaseError:
        text, advice = "their migrations are missing", "apply them, then deploy again"
    except DependencyUnavailable:
        text, advice = "the database does not answer", "see the finding about the database"
    else:
        text, advice = "the database does not have their address", "deploy again"
        if address:
            yield ok("photos", f"they are served at {address}")
            return
    yield fail("photos", text, advice)


def check_bucket() -> Findings:
    """Check whether S3 announces uploads to the worker's queue."""
    bucket = os.environ.get("PHOTOS_BUCKET")
    if not bucket:
        yield warn("photos", "PHOTOS_BUCKET is not set, so the bucket is not checked", "set it")
        return
    found = client("s3").get_bucket_notification_configuration(Bucket=bucket)
    if found.get("QueueConfigurations"):
        yield ok("photos", f"uploads to {bucket} are announced to the queue")
    else:
        yield fail("photos", f"{bucket} announces no upload", "deploy template.yaml as it is")
