"""The worker's steps in Postgres: one SQL function each."""

from typing import Protocol

from wingman.kit.clients.database import Database
from wingman.photos.imaging import Images, Rejection
from wingman.photos.processing.models import ClaimedPhoto


class Photos(Protocol):
    """The steps of a photo that was uploaded; each is atomic."""

    def claim(self, key: str) -> ClaimedPhoto | None:
        """Lease the reservation of an upload, once; None if there is nothing to do for this key."""
        ...

    def finish(self, photo: ClaimedPhoto, path: str, images: Images) -> bool:
        """Return False if it was deleted or its lease has ended."""
        ...

    def reject(self, photo: ClaimedPhoto, reason: Rejection) -> bool:
        """Return False if it was deleted or its lease has ended."""
        ...


class DatabasePhotos(Photos):
    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, key: str) -> ClaimedPhoto | None:
        # Not idempotent: the second claim finds the first one's lease.
        found = self._database.rpc("claim_photo", {"p_key": key})
        return ClaimedPhoto.model_validate(found) if found else None

    def finish(self, photo: ClaimedPhoto, path: str, images: Images) -> bool:
        params = _of(photo) | {
            "p_path": path,
            "p_width": images.width,
            "p_height": images.height,
            "p_placeholder": images.placeholder,
        }
        return bool(self._database.rpc("finish_photo", params, idempotent=True))

    def reject(self, photo: ClaimedPhoto, reason: Rejection) -> bool:
        params = _of(photo) | {"p_rejection": reason}
        return bool(self._database.rpc("reject_photo", params, idempotent=True))


def _of(photo: ClaimedPhoto) -> dict[str, object]:
    return {"p_id": str(photo.id), "p_lease": str(photo.lease)}
