"""From an uploaded object to a published or rejected photo."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from wingman.kit.clients.storage import ObjectTooLarge, Storage
from wingman.kit.clock import time_left, utc_now, within
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.invocation import report
from wingman.kit.observability import count, logger
from wingman.photos.imaging import MAX_BYTES, Images, Rejected, Rejection
from wingman.photos.processing.models import ClaimedPhoto
from wingman.photos.processing.moderation import Moderator
from wingman.photos.processing.repository import Photos

# Reserved from the lease, for recording the outcome and for clocks that differ.
MARGIN_SECONDS = 0.5
# Reserved from the rest, for storing two images and recording the outcome.
STORING_SECONDS = 1.0
# The content of an address never changes.
IMMUTABLE = "public, max-age=31536000, immutable"

# Returns the images of a file within a number of seconds; raises Rejected.
Decode = Callable[[bytes, float], Images]


@dataclass(frozen=True)
class Processor:
    photos: Photos
    storage: Storage
    decode: Decode
    moderator: Moderator


def process(processor: Processor, key: str) -> None:
    """Publish or reject an upload, if that is still to be done.

    Raises DependencyUnavailable if the event should be delivered again. A claimed photo does not
    depend on that: it is settled here, or fails when its lease ends.
    """
    photo = processor.photos.claim(key)
    if photo is None:
        logger().info("photo.passed_by")
        return
    left = (photo.lease_expires_at - utc_now()).total_seconds()
    with within(left - MARGIN_SECONDS):
        try:
            _publish(processor, photo, _allowed(processor, key))
        except Rejected as rejected:
            _reject(processor, photo, rejected.reason)
        except Exception as error:  # noqa: BLE001 - there is no second attempt
            logger().exception("photo.failed", extra={"photo_id": str(photo.id)})
            if not isinstance(error, DependencyUnavailable):
                report(error)
            _reject(processor, photo, Rejection.PROCESSING_FAILED)
        processor.storage.delete([key])


def _allowed(processor: Processor, key: str) -> Images:
    try:
        upload = processor.storage.get(key, MAX_BYTES)
    except ObjectTooLarge:
        raise Rejected(Rejection.TOO_LARGE) from None
    images = processor.decode(upload, time_left() - STORING_SECONDS)
    if not processor.moderator.allows(images):
        raise Rejected(Rejection.MODERATION)
    return images


def _publish(processor: Processor, photo: ClaimedPhoto, images: Images) -> None:
    path = f"public/{secrets.token_hex(16)}"
    objects = {f"{path}/1080.webp": images.large, f"{path}/320.webp": images.small}
    for key, body in objects.items():
        processor.storage.put(key, body, "image/webp", IMMUTABLE)
    if processor.photos.finish(photo, path, images):
        logger().info("photo.ready", extra={"photo_id": str(photo.id)})
        count("PhotoProcessed", outcome="ready")
    else:
        logger().info("photo.too_late", extra={"photo_id": str(photo.id)})
        processor.storage.delete(list(objects))


def _reject(processor: Processor, photo: ClaimedPhoto, reason: Rejection) -> None:
    if processor.photos.reject(photo, reason):
        facts = {"photo_id": str(photo.id), "reason": reason}
        logger().info("photo.rejected", extra=facts)
        count("PhotoProcessed", outcome=reason)
