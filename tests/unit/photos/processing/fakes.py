"""Photos and a bucket in memory: the guarantees of the real ones, with faults at any step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from wingman.kit.clients.storage import (
    NoSuchObject,
    ObjectTooLarge,
    Storage,
    StoredObject,
    UploadForm,
)
from wingman.photos.imaging import Images, Rejected, Rejection
from wingman.photos.processing.models import ClaimedPhoto
from wingman.photos.processing.moderation import Moderator
from wingman.photos.processing.repository import Photos
from wingman.photos.processing.service import Processor

KEY = "incoming/0123456789abcdef0123456789abcdef"
LEASE = timedelta(seconds=5)
IMAGES = Images(large=b"large", small=b"small", width=1080, height=810, placeholder="hash")


class Killed(BaseException):
    """The process was killed."""


@dataclass
class Faults:
    """Raises the planned error at the start of a step."""

    planned: dict[str, BaseException] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)

    def begin(self, step: str) -> None:
        self.steps.append(step)
        if error := self.planned.pop(step, None):
            raise error


@dataclass
class MemoryPhotos(Photos):
    """One reservation, for KEY."""

    faults: Faults
    id: UUID = field(default_factory=uuid4)
    lease: UUID | None = None
    deleted: bool = False
    outcome: tuple[str, Images] | Rejection | None = None

    def claim(self, key: str) -> ClaimedPhoto | None:
        self.faults.begin("claim")
        if key != KEY or self.deleted or self.lease:
            return None
        self.lease = uuid4()
        ends_at = datetime.now(UTC) + LEASE
        return ClaimedPhoto(id=self.id, lease=self.lease, lease_expires_at=ends_at)

    def finish(self, photo: ClaimedPhoto, path: str, images: Images) -> bool:
        self.faults.begin("finish")
        return self._settle(photo, (path, images))

    def reject(self, photo: ClaimedPhoto, reason: Rejection) -> bool:
        self.faults.begin("reject")
        return self._settle(photo, reason)

    def _settle(self, photo: ClaimedPhoto, outcome: tuple[str, Images] | Rejection) -> bool:
        if self.deleted or photo.lease != self.lease or self.outcome is not None:
            return False
        self.outcome = outcome
        return True


@dataclass(frozen=True)
class Stored:
    body: bytes
    content_type: str = "image/jpeg"
    cache_control: str = ""


@dataclass
class MemoryStorage(Storage):
    faults: Faults
    bucket: dict[str, Stored] = field(default_factory=lambda: {KEY: Stored(b"upload")})

    def get(self, key: str, limit: int) -> bytes:
        self.faults.begin("get")
        if key not in self.bucket:
            raise NoSuchObject(key)
        if len(self.bucket[key].body) > limit:
            raise ObjectTooLarge
        return self.bucket[key].body

    def put(self, key: str, body: bytes, content_type: str, cache_control: str) -> None:
        self.faults.begin(f"put {key.rpartition('/')[2]}")
        self.bucket[key] = Stored(body, content_type, cache_control)

    def delete(self, keys: Sequence[str]) -> None:
        self.faults.begin(f"delete {keys[0].partition('/')[0]}")
        for key in keys:
            self.bucket.pop(key, None)

    def exists(self, key: str) -> bool:
        return key in self.bucket

    def objects(self, prefix: str, after: str = "") -> Sequence[StoredObject]:
        raise NotImplementedError

    def check(self) -> None:
        raise NotImplementedError

    def form(
        self, key: str, content_type: str, max_bytes: int, *, signed_at: datetime, valid: timedelta
    ) -> UploadForm:
        raise NotImplementedError


@dataclass
class Judge(Moderator):
    verdict: bool = True
    first: Callable[[], None] = lambda: None

    def allows(self, images: Images) -> bool:
        self.first()
        return self.verdict


@dataclass
class Bench:
    """A worker with its collaborators in memory."""

    faults: Faults = field(default_factory=Faults)
    judge: Judge = field(default_factory=Judge)
    decoded: Images | Rejection = IMAGES
    given: list[tuple[bytes, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.photos, self.storage = MemoryPhotos(self.faults), MemoryStorage(self.faults)
        self.processor = Processor(self.photos, self.storage, self._decode, self.judge)

    def _decode(self, upload: bytes, seconds: float) -> Images:
        self.faults.begin("decode")
        self.given.append((upload, seconds))
        if isinstance(self.decoded, Rejection):
            raise Rejected(self.decoded)
        return self.decoded
