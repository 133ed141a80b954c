"""A worker is killed between any two of its calls, or its photo is deleted there.

After the sweep the bucket holds what photos need and nothing else, and a photo that was deleted is
not shown.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.integration.database import DirectDatabase, Person, call, look
from tests.integration.photos import (
    LEASE,
    objects,
    pass_time,
    reserve,
    seen_by_others,
    shown,
    stored,
    unhurried,
)
from tests.support.storage import MemoryCdn, MemoryStorage
from wingman.kit.clients.database import Database
from wingman.photos import sweep
from wingman.photos.imaging import Images
from wingman.photos.processing.moderation import NoModeration
from wingman.photos.processing.repository import DatabasePhotos
from wingman.photos.processing.service import Processor, process

# What a worker calls for one photo, in order.
CALLS = ["claim_photo", "get", "put", "put", "finish_photo", "delete"]
# The ends of a worker after which the photo is ready: before its claim, and from its publication on.
PUBLISHED = {("before", 0), ("after", 4), ("before", 5), ("after", 5)}
IMAGES = Images(b"large", b"small", 1080, 720, "1QcSHQRnh493V4dIh4eXh1h4kJUI")
Hook = Callable[[int, str], None]


class Killed(BaseException):
    """The process ends here."""


class Worker(Database):
    """Runs the real worker and calls a hook before and after each call that it makes."""

    def __init__(self, url: str, bucket: MemoryStorage, before: Hook, after: Hook) -> None:
        self._database, self._bucket = DirectDatabase(url), bucket
        self._before, self._after = before, after
        self.calls: list[str] = []

    def process(self, key: str) -> None:
        self._bucket.before = self._of_storage
        try:
            process(Processor(DatabasePhotos(self), self._bucket, _decode, NoModeration()), key)
            self._end()
        finally:
            self._bucket.before = lambda _: None

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        self._begin(function)
        return self._database.rpc(function, params)

    def _of_storage(self, operation: str) -> None:
        self._begin(operation)

    def _begin(self, name: str) -> None:
        self._end()
        self._before(len(self.calls), name)
        self.calls.append(name)

    def _end(self) -> None:
        """End the call before: nothing happens in a worker between two calls."""
        if self.calls:
            self._after(len(self.calls) - 1, self.calls[-1])


def _decode(upload: bytes, seconds: float) -> Images:
    assert upload == b"x"
    assert seconds > 0
    return IMAGES


def nothing(_: int, __: str) -> None:
    """Do nothing."""


def at(place: int, act: Callable[[], None]) -> Hook:
    def hook(number: int, _: str) -> None:
        if number == place:
            act()

    return hook


def die() -> None:
    raise Killed


@pytest.fixture
def bucket(url: str) -> MemoryStorage:
    unhurried(url)
    look(url, "delete from public.photos")
    look(url, "truncate private.doomed_objects")
    return MemoryStorage()


def swept(url: str, bucket: MemoryStorage) -> None:
    bucket.age(hours=2)
    database = DirectDatabase(url)
    sweep.settle(database)
    sweep.delete_doomed(database, bucket, MemoryCdn())
    sweep.delete_lost(database, bucket)


def needed(url: str, person: Person) -> list[str]:
    rows = stored(url, person)
    return sorted(key for row in rows if row["object_path"] for key in objects(row["object_path"]))


def test_a_worker_makes_the_calls_that_are_interrupted_below(
    url: str, maya: Person, bucket: MemoryStorage
) -> None:
    photo = reserve(url, maya)
    bucket.upload(photo["upload_key"])
    worker = Worker(url, bucket, nothing, nothing)

    worker.process(photo["upload_key"])

    assert worker.calls == CALLS
    assert bucket.keys == needed(url, maya)
    assert shown(url, maya)[0]["status"] == "ready"


@pytest.mark.parametrize("place", range(len(CALLS)))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_killed_worker_leaves_a_whole_photo_or_none(
    url: str, maya: Person, bucket: MemoryStorage, place: int, moment: str
) -> None:
    photo = reserve(url, maya)
    bucket.upload(photo["upload_key"])
    hooks = (at(place, die), nothing) if moment == "before" else (nothing, at(place, die))

    with pytest.raises(Killed):
        Worker(url, bucket, *hooks).process(photo["upload_key"])
    # SQS delivers the event again, and the lease ends.
    Worker(url, bucket, nothing, nothing).process(photo["upload_key"])
    pass_time(url, photo["id"], seconds=LEASE)
    Worker(url, bucket, nothing, nothing).process(photo["upload_key"])

    finished = (moment, place) in PUBLISHED
    [found] = shown(url, maya)
    assert found["status"] == ("ready" if finished else "rejected")
    assert found["rejection"] == (None if finished else "processing_failed")
    swept(url, bucket)
    assert bucket.keys == needed(url, maya)
    assert len(bucket.keys) == (2 if finished else 0)


@pytest.mark.parametrize("place", range(len(CALLS)))
def test_a_photo_deleted_during_any_call_is_not_shown_and_leaves_nothing(
    url: str, maya: Person, bucket: MemoryStorage, place: int
) -> None:
    photo = reserve(url, maya)
    bucket.upload(photo["upload_key"])

    def delete() -> None:
        call(url, maya, "delete_photo", p_photo_id=photo["id"])
        # A sweep comes at once, and another one an hour later.
        sweep.delete_doomed(DirectDatabase(url), MemoryStorageView(bucket), MemoryCdn())

    Worker(url, bucket, nothing, at(place, delete)).process(photo["upload_key"])

    assert seen_by_others(url, maya) == shown(url, maya) == []
    swept(url, bucket)
    assert bucket.keys == []


class MemoryStorageView(MemoryStorage):
    """The same bucket without the worker's hooks."""

    def __init__(self, bucket: MemoryStorage) -> None:
        super().__init__(bucket.stored)


@pytest.mark.parametrize("place", range(len(CALLS)))
def test_a_duplicate_event_during_any_call_changes_nothing(
    url: str, maya: Person, bucket: MemoryStorage, place: int
) -> None:
    photo = reserve(url, maya)
    bucket.upload(photo["upload_key"])

    def again() -> None:
        view = MemoryStorageView(bucket)
        Worker(url, view, nothing, nothing).process(photo["upload_key"])
        sweep.delete_doomed(DirectDatabase(url), view, MemoryCdn())

    Worker(url, bucket, nothing, at(place, again)).process(photo["upload_key"])

    assert shown(url, maya)[0]["status"] == "ready"
    swept(url, bucket)
    assert bucket.keys == needed(url, maya)
    assert len(bucket.keys) == 2
