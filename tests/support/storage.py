"""A bucket and a CDN in memory, which can fail or be killed at any step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from wingman.kit.clients.cdn import Cdn
from wingman.kit.clients.storage import NoSuchObject, ObjectTooLarge, Storage, StoredObject
from wingman.kit.clients.storage import UploadForm as Form

LISTED_AT_ONCE = 1000


@dataclass
class MemoryStorage(Storage):
    """Objects by key, with the time of their last change."""

    stored: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)
    before: Callable[[str], None] = lambda _: None
    """Called with the name of each operation; raises to make the operation or the worker fail."""

    @property
    def keys(self) -> list[str]:
        return sorted(self.stored)

    def upload(self, key: str, body: bytes = b"x") -> None:
        """Store an object as a client does."""
        self.stored[key] = (body, datetime.now(UTC))

    def age(self, **time: int) -> None:
        """Make every object older."""
        past = timedelta(**time)
        self.stored = {key: (body, at - past) for key, (body, at) in self.stored.items()}

    def get(self, key: str, limit: int) -> bytes:
        self.before("get")
        if key not in self.stored:
            raise NoSuchObject(key)
        body = self.stored[key][0]
        if len(body) > limit:
            raise ObjectTooLarge
        return body

    def put(self, key: str, body: bytes, content_type: str, cache_control: str) -> None:
        self.before("put")
        self.upload(key, body)

    def exists(self, key: str) -> bool:
        self.before("exists")
        return key in self.stored

    def delete(self, keys: Sequence[str]) -> None:
        self.before("delete")
        for key in keys:
            self.stored.pop(key, None)

    def objects(self, prefix: str, after: str = "") -> Sequence[StoredObject]:
        self.before("objects")
        found = [key for key in self.keys if key.startswith(prefix) and key > after]
        return [StoredObject(key, self.stored[key][1]) for key in found[:LISTED_AT_ONCE]]

    def check(self) -> None:
        self.before("check")

    def form(
        self, key: str, content_type: str, max_bytes: int, *, signed_at: datetime, valid: timedelta
    ) -> Form:
        return Form("https://bucket.example/", {"key": key}, signed_at + valid)


@dataclass
class MemoryCdn(Cdn):
    """The paths that were invalidated, in order."""

    forgotten: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda _: None

    def invalidate(self, paths: Sequence[str]) -> None:
        self.before("invalidate")
        self.forgotten += paths
