"""Whatever happens to a worker at any step, no orphan remains and no deleted photo is shown."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest

from tests.integration.database import DirectDatabase, Person, call, look, new_person
from tests.integration.photos import (
    delete_doomed,
    doomed,
    objects,
    pass_time,
    reserve,
    seen_by_others,
    shown,
    stored,
    unhurried,
)
from tests.support.storage import MemoryCdn, MemoryStorage
from wingman.photos import sweep
from wingman.photos.imaging import Images, Rejected, Rejection
from wingman.photos.processing.moderation import NoModeration
from wingman.photos.processing.repository import DatabasePhotos
from wingman.photos.processing.service import Processor, process

IMAGES = Images(b"large", b"small", 1080, 720, "1QcSHQRnh493V4dIh4eXh1h4kJUI")
PUBLISHING = ("claim_photo", "get", "decode", "put", "put", "finish_photo", "delete")
REJECTING = ("claim_photo", "get", "decode", "reject_photo", "delete")


class Killed(BaseException):
    """The process ends here."""


class House(DirectDatabase):
    """An uploaded photo, and a worker that is disturbed before one of its steps."""

    def __init__(self, url: str, owner: Person) -> None:
        super().__init__(url)
        self.url, self.owner = url, owner
        self.photo = reserve(url, owner)
        self.key: str = self.photo["upload_key"]
        self.bucket, self.cdn = MemoryStorage(before=self._step), MemoryCdn()
        self.bucket.upload(self.key)
        self.rejects = False
        self.steps: list[str] = []
        self.at, self.happens = -1, die

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        self._step(function)
        return super().rpc(function, params)

    def work(self) -> None:
        photos = DatabasePhotos(self)
        process(Processor(photos, self.bucket, self._decode, NoModeration()), self.key)

    def sweep(self) -> None:
        database = DirectDatabase(self.url)
        sweep.settle(database)
        delete_doomed(database, self.bucket, self.cdn)
        sweep.delete_lost(database, self.bucket)

    def _decode(self, upload: bytes, seconds: float) -> Images:
        self._step("decode")
        if self.rejects:
            raise Rejected(Rejection.UNREADABLE)
        return IMAGES

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if len(self.steps) == self.at + 1:
            self.happens()


def die() -> None:
    raise Killed


@pytest.fixture
def house(url: str) -> House:
    unhurried(url)
    look(url, "delete from public.photos")
    look(url, "truncate private.doomed_objects")
    return House(url, new_person(url))


def killed(house: House) -> Callable[[], None]:
    return die


def photo_deleted(house: House) -> Callable[[], None]:
    return lambda: call(house.url, house.owner, "delete_photo", p_photo_id=house.photo["id"])


def account_deleted(house: House) -> Callable[[], None]:
    def delete() -> None:
        look(house.url, "delete from auth.users where id = %s", house.owner.user_id)

    return delete


def frozen(house: House) -> Callable[[], None]:
    """Freeze the process for longer than its lease."""
    return lambda: pass_time(house.url, house.photo["id"], seconds=700)


def event_repeated(house: House) -> Callable[[], None]:
    return house.work


def uploaded_again(house: House) -> Callable[[], None]:
    def again() -> None:
        house.bucket.upload(house.key, b"another")
        house.work()

    return again


HAPPENINGS = (killed, photo_deleted, account_deleted, frozen, event_repeated, uploaded_again)


MOMENTS = [(steps, at) for steps in (PUBLISHING, REJECTING) for at in range(len(steps))]


@pytest.mark.parametrize("happening", HAPPENINGS)
@pytest.mark.parametrize(
    ("steps", "at"), MOMENTS, ids=[f"{steps[-2]}-{at}-{steps[at]}" for steps, at in MOMENTS]
)
def test_no_orphan_and_no_deleted_photo_remains(
    house: House, steps: tuple[str, ...], happening: Callable[[House], Callable[[], None]], at: int
) -> None:
    house.rejects = steps is REJECTING
    house.at, house.happens = at, happening(house)

    with suppress(Killed):
        house.work()
    assert house.steps[at] == steps[at]
    house.work()  # the event is delivered again
    pass_time(house.url, house.photo["id"], hours=2)
    house.bucket.age(hours=2)
    house.sweep()

    rows = stored(house.url, house.owner)
    ready = [row for row in rows if row["status"] == "ready"]
    assert house.bucket.keys == [key for row in ready for key in objects(row["object_path"])]
    assert {row["status"] for row in rows} <= {"ready", "rejected"}
    assert doomed(house.url) == []
    if happening in {photo_deleted, account_deleted}:
        assert rows == []
    elif happening in {event_repeated, uploaded_again}:
        assert [row["status"] for row in rows] == ["rejected" if house.rejects else "ready"]


def test_the_first_upload_is_shown_whatever_is_uploaded_later(house: House) -> None:
    house.work()
    house.bucket.upload(house.key, b"another")
    house.work()
    house.sweep()

    [photo] = seen_by_others(house.url, house.owner)
    assert photo["id"] == house.photo["id"]
    assert (photo["width"], photo["height"]) == (1080, 720)
    assert photo["placeholder"] == IMAGES.placeholder
    assert {body for body, _ in house.bucket.stored.values()} == {b"large", b"small"}


def test_a_photo_that_is_processed_is_ready_for_its_owner(house: House) -> None:
    house.work()
    assert house.steps == [*PUBLISHING]
    assert [photo["status"] for photo in shown(house.url, house.owner)] == ["ready"]
