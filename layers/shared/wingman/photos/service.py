"""A user's own photos. The client posts a file to the bucket, whose event starts the worker."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from wingman.kit.clients.database import Database
from wingman.kit.clients.storage import Storage
from wingman.kit.idempotency import IdempotencyKey
from wingman.kit.observability import logger
from wingman.photos import repository
from wingman.photos.errors import PhotoTooLarge
from wingman.photos.imaging import MAX_BYTES
from wingman.photos.models import NewPhoto, Photo, Reservation, Upload

UPLOAD_TIME = timedelta(minutes=10)


def reserve(
    database: Database, storage: Storage, new: NewPhoto, *, key: IdempotencyKey
) -> tuple[Reservation, Upload]:
    """Reserve a photo and sign its upload. The same key again returns the first answer."""
    if new.size_bytes > MAX_BYTES:
        raise PhotoTooLarge
    storage.check()  # while the upload would fail, nothing is reserved and counted
    reserved = repository.reserve(database, new, key)
    logger().info("photo.reserved", extra={"photo_id": str(reserved.photo.id)})
    # Signed as of the reservation, so that repeating the request prolongs nothing.
    form = storage.form(
        reserved.upload_key,
        new.content_type,
        new.size_bytes,
        signed_at=reserved.photo.created_at,
        valid=UPLOAD_TIME,
    )
    return reserved, Upload(url=form.url, fields=dict(form.fields), expires_at=form.expires_at)


def list_photos(database: Database) -> list[Photo]:
    """Return the caller's photos in order, with those that are pending or rejected."""
    return repository.list_photos(database)


def get(database: Database, photo_id: UUID) -> Photo:
    return repository.get(database, photo_id)


def reorder(database: Database, photo_ids: Sequence[UUID]) -> list[Photo]:
    """Raise PhotosChanged unless these are all of the caller's photos."""
    photos = repository.reorder(database, photo_ids)
    logger().info("photos.ordered", extra={"count": len(photos)})
    return photos


def delete(database: Database, photo_id: UUID) -> None:
    """Delete a photo at once; the sweep deletes its objects."""
    repository.delete(database, photo_id)
    logger().info("photo.deleted", extra={"photo_id": str(photo_id)})
