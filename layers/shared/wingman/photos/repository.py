"""Photos in Postgres: each step is one SQL function of supabase/schemas."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from wingman.kit.clients.database import Database, Refusals, call
from wingman.kit.errors import AccountDeleted, IdempotencyKeyReused
from wingman.kit.idempotency import IdempotencyKey
from wingman.photos import errors
from wingman.photos.models import DoomedObjects, NewPhoto, Photo, Reservation

# Every SQLSTATE that the photo functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WA002": lambda _: IdempotencyKeyReused(),
    "WF001": lambda _: errors.PhotoNotFound(),
    "WF002": lambda _: errors.TooManyPhotos(),
    "WF003": lambda _: errors.PhotosChanged(),
    "WF004": lambda _: errors.TooFewPhotos(),
    "WF005": lambda error: errors.DailyPhotoLimit(retry_after=int(error.detail or 1)),
}
_call = partial(call, REFUSALS)


def reserve(database: Database, new: NewPhoto, key: IdempotencyKey) -> Reservation:
    """Reserve a photo and the key of its upload, or return the first answer for `key`."""
    answer = _call(
        database,
        "reserve_photo",
        idempotent=key.key is not None,
        p_content_type=new.content_type,
        p_size_bytes=new.size_bytes,
        p_idempotency_key=key.key,
        p_request_hash=key.request_hash,
    )
    return Reservation.model_validate(answer)


def list_photos(database: Database) -> list[Photo]:
    return _photos(_call(database, "list_photos", idempotent=True))


def get(database: Database, photo_id: UUID) -> Photo:
    found = _call(database, "get_photo", idempotent=True, p_photo_id=str(photo_id))
    return Photo.model_validate(found)


def reorder(database: Database, photo_ids: Sequence[UUID]) -> list[Photo]:
    ids = [str(each) for each in photo_ids]
    return _photos(_call(database, "order_photos", idempotent=True, p_photo_ids=ids))


def delete(database: Database, photo_id: UUID) -> None:
    _call(database, "delete_photo", idempotent=False, p_photo_id=str(photo_id))


def settle(database: Database, limit: int) -> int:
    """Reject failed photos, delete expired reservations, and return their number."""
    return int(_call(database, "settle_photos", idempotent=True, p_limit=limit))


def doomed(database: Database, limit: int, *, in_bucket: bool) -> DoomedObjects:
    """Read the objects to delete from the bucket, or those to invalidate in the CDN."""
    found = _call(
        database, "list_doomed_objects", idempotent=True, p_in_bucket=in_bucket, p_limit=limit
    )
    return DoomedObjects.model_validate(found)


def forget_doomed(database: Database, doomed: DoomedObjects, *, in_bucket: bool) -> None:
    _call(
        database,
        "forget_doomed_objects",
        idempotent=True,
        p_in_bucket=in_bucket,
        p_keys=doomed.keys,
        p_listed_at=doomed.listed_at.isoformat(),
    )


def unknown(database: Database, keys: Sequence[str]) -> list[str]:
    """Return those of the keys that no photo needs."""
    found = _call(database, "unknown_photo_objects", idempotent=True, p_keys=list(keys))
    return [str(key) for key in found]


def walked_to(database: Database) -> str:
    """Return the key after which the walk through the bucket continues."""
    return str(_call(database, "get_photo_walk", idempotent=True))


def save_walk(database: Database, after: str) -> None:
    _call(database, "save_photo_walk", idempotent=True, p_after_key=after)


def _photos(answer: Sequence[object]) -> list[Photo]:
    return [Photo.model_validate(row) for row in answer]
