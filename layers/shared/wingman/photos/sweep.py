"""Deletes the objects of deleted photos, and those that were lost when a worker died."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from wingman.kit.clients.cdn import Cdn
from wingman.kit.clients.database import Database
from wingman.kit.clients.storage import Storage, StoredObject
from wingman.kit.clock import page_by_page, time_left, utc_now
from wingman.kit.observability import logger
from wingman.photos import repository

PAGE = 500
_SECONDS_PER_PAGE = 12.0
# A worker stores the objects of a photo before it publishes them.
BEING_MADE = timedelta(minutes=15)
_PUBLIC, _INCOMING, _NOTHING = "public/", "incoming/", "nothing/"
_WALKED_AT_ONCE = 20


def settle(database: Database) -> int:
    """Reject failed photos, delete expired reservations, and return their number."""
    return page_by_page(lambda: repository.settle(database, PAGE), PAGE, seconds=_SECONDS_PER_PAGE)


def probe(storage: Storage) -> None:
    """Make a cheap call to the bucket, so that its circuit shows whether S3 answers.

    Requests that reserve photos only read the circuit; they do not call S3.
    Raises DependencyUnavailable.
    """
    storage.objects(_NOTHING)


def delete_doomed(database: Database, storage: Storage) -> int:
    """Delete the recorded objects; return their number. A run that dies leaves them recorded."""
    deleted = _page_by_page(database, storage.delete, in_bucket=True)
    logger().info("photos.deleted", extra={"objects": deleted})
    return deleted


def invalidate_doomed(database: Database, cdn: Cdn) -> int:
    """Invalidate the CDN's copies of what the bucket no longer has; return their number."""
    invalidated = _page_by_page(
        database, lambda keys: cdn.invalidate([f"/{key}" for key in keys]), in_bucket=False
    )
    logger().info("photos.invalidated", extra={"objects": invalidated})
    return invalidated


def _page_by_page(
    database: Database, delete: Callable[[Sequence[str]], None], *, in_bucket: bool
) -> int:
    def page() -> int:
        doomed = repository.doomed(database, PAGE, in_bucket=in_bucket)
        if doomed.keys:
            delete(doomed.keys)
            repository.forget_doomed(database, doomed, in_bucket=in_bucket)
        return len(doomed.keys)

    return page_by_page(page, PAGE, seconds=_SECONDS_PER_PAGE)


def delete_lost(database: Database, storage: Storage, *, spare: timedelta = BEING_MADE) -> int:
    """Walk through the bucket and delete objects that no photo needs; return their number.

    Each run walks the uploads from the first one on. It walks some pages of the published objects,
    and the next run continues there. Objects that are younger than `spare` stay.
    """
    oldest = utc_now() - spare
    uploads, _ = _walk(database, storage, _INCOMING, "", oldest)
    published, reached = _walk(database, storage, _PUBLIC, repository.walked_to(database), oldest)
    repository.save_walk(database, reached)
    logger().info("photos.lost_deleted", extra={"objects": uploads + published})
    return uploads + published


def _walk(
    database: Database, storage: Storage, prefix: str, after: str, oldest: datetime
) -> tuple[int, str]:
    """Return how many were deleted, and the last key that was seen; "" at the end."""
    deleted = 0
    for _ in range(_WALKED_AT_ONCE):
        page = storage.objects(prefix, after)
        if not page:
            return deleted, ""
        deleted += _delete_unknown(database, storage, page, oldest)
        after = page[-1].key
        if time_left() < _SECONDS_PER_PAGE:
            break
    return deleted, after


def _delete_unknown(
    database: Database, storage: Storage, page: Sequence[StoredObject], oldest: datetime
) -> int:
    unknown = repository.unknown(database, [e.key for e in page if e.modified_at <= oldest])
    if unknown:
        storage.delete(unknown)
    return len(unknown)
