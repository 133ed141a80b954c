"""The sweep deletes lost objects and those of deleted photos, wherever it is killed."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.integration.database import DirectDatabase, Person, call, look, new_person
from tests.integration.photos import (
    claim,
    delete_doomed,
    doomed,
    finish,
    new_path,
    objects,
    pass_time,
    ready,
    reserve,
    shown,
    unhurried,
)
from tests.support.storage import MemoryCdn, MemoryStorage
from wingman.kit.clients.database import Database
from wingman.kit.errors import DependencyUnavailable
from wingman.photos import repository, sweep


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def database(url: str) -> Database:
    unhurried(url)
    look(url, "delete from public.photos")
    look(url, "truncate private.doomed_objects")
    return DirectDatabase(url)


@pytest.fixture
def bucket() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def cdn() -> MemoryCdn:
    return MemoryCdn()


def published(url: str, person: Person, bucket: MemoryStorage) -> dict[str, str]:
    photo = ready(url, person)
    for key in (photo["upload_key"], *objects(photo["path"])):
        bucket.upload(key)
    return photo


def swept(database: Database, bucket: MemoryStorage, cdn: MemoryCdn) -> None:
    sweep.settle(database)
    delete_doomed(database, bucket, cdn)
    sweep.delete_lost(database, bucket)


def test_the_upload_of_a_settled_photo_is_deleted_and_the_photo_stays(
    url: str, maya: Person, database: Database, bucket: MemoryStorage, cdn: MemoryCdn
) -> None:
    photo = published(url, maya, bucket)

    assert delete_doomed(database, bucket, cdn) == 1

    assert bucket.keys == objects(photo["path"])
    assert cdn.forgotten == []
    assert delete_doomed(database, bucket, cdn) == 0


def test_a_deleted_photo_leaves_bucket_and_cdn(
    url: str, maya: Person, database: Database, bucket: MemoryStorage, cdn: MemoryCdn
) -> None:
    photo, kept = published(url, maya, bucket), published(url, maya, bucket)
    call(url, maya, "delete_photo", p_photo_id=photo["id"])

    delete_doomed(database, bucket, cdn)

    assert bucket.keys == objects(kept["path"])
    assert sorted(cdn.forgotten) == [f"/{key}" for key in objects(photo["path"])]
    assert doomed(url) == []


def test_a_deleted_account_leaves_no_object(
    url: str, maya: Person, database: Database, bucket: MemoryStorage, cdn: MemoryCdn
) -> None:
    leo = new_person(url)
    kept = published(url, maya, bucket)
    for _ in range(3):
        published(url, leo, bucket)
        bucket.upload(reserve(url, leo)["upload_key"])
    look(url, "delete from auth.users where id = %s", leo.user_id)

    delete_doomed(database, bucket, cdn)

    assert bucket.keys == objects(kept["path"])
    assert len(cdn.forgotten) == 6


@pytest.mark.parametrize("step", ["list", "delete", "invalidate", "forget"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("ending", [Killed, DependencyUnavailable("s3")])
def test_a_sweep_that_ends_anywhere_is_finished_by_the_next(
    url: str,
    maya: Person,
    bucket: MemoryStorage,
    cdn: MemoryCdn,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    moment: str,
    ending: BaseException,
) -> None:
    photo = published(url, maya, bucket)
    call(url, maya, "delete_photo", p_photo_id=photo["id"])
    place = {
        "list": (repository, "doomed"),
        "delete": (bucket, "delete"),
        "invalidate": (cdn, "invalidate"),
        "forget": (repository, "forget_doomed"),
    }[step]
    real = getattr(*place)

    def ends(*args: object, **options: object) -> None:
        if moment == "after":
            real(*args, **options)
        raise ending

    with monkeypatch.context() as patch:
        patch.setattr(*place, ends)
        with pytest.raises((Killed, DependencyUnavailable)):
            delete_doomed(database, bucket, cdn)
    delete_doomed(database, bucket, cdn)

    assert bucket.keys == []
    assert set(cdn.forgotten) == {f"/{key}" for key in objects(photo["path"])}
    assert doomed(url) == []


def test_a_repeated_upload_under_a_used_key_is_deleted_and_replaces_nothing(
    url: str, maya: Person, database: Database, bucket: MemoryStorage, cdn: MemoryCdn
) -> None:
    photo = published(url, maya, bucket)
    swept(database, bucket, cdn)
    bucket.upload(photo["upload_key"], b"other")
    assert claim(url, photo["upload_key"]) is None

    delete_doomed(database, bucket, cdn)

    assert bucket.keys == objects(photo["path"])
    assert {body for body, _ in bucket.stored.values()} == {b"x"}


@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_worker_that_dies_before_it_publishes_leaves_nothing(
    url: str,
    maya: Person,
    database: Database,
    bucket: MemoryStorage,
    cdn: MemoryCdn,
    written: int,
) -> None:
    photo, path = reserve(url, maya), new_path()
    bucket.upload(photo["upload_key"])
    claimed = claim(url, photo["upload_key"])
    for key in objects(path)[:written]:
        bucket.upload(key)
    pass_time(url, photo["id"], hours=1)
    bucket.age(hours=1)

    assert shown(url, maya)[0]["rejection"] == "processing_failed"
    swept(database, bucket, cdn)
    assert bucket.keys == []

    # The process had only been frozen, and goes on.
    for key in objects(path):
        bucket.upload(key)
    assert not finish(url, claimed, path)
    delete_doomed(database, bucket, cdn)
    assert bucket.keys == []
    assert shown(url, maya)[0]["status"] == "rejected"


def test_an_upload_whose_event_is_lost_is_deleted_with_its_reservation(
    url: str, maya: Person, database: Database, bucket: MemoryStorage, cdn: MemoryCdn
) -> None:
    photo = reserve(url, maya)
    bucket.upload(photo["upload_key"])
    bucket.age(minutes=59)
    swept(database, bucket, cdn)
    assert bucket.keys == [photo["upload_key"]]

    pass_time(url, photo["id"], hours=1)
    swept(database, bucket, cdn)

    assert bucket.keys == []
    assert shown(url, maya) == []


def test_the_walk_spares_what_is_young_and_what_is_needed(
    url: str, maya: Person, database: Database, bucket: MemoryStorage
) -> None:
    photo, waiting = published(url, maya, bucket), reserve(url, maya)
    bucket.upload(waiting["upload_key"])
    old = [*objects(new_path()), f"incoming/{uuid4().hex}", f"{photo['path']}/other.webp"]
    for key in old:
        bucket.upload(key)
    bucket.age(minutes=15)
    young = objects(new_path())
    for key in young:
        bucket.upload(key)

    deleted = sweep.delete_lost(database, bucket)

    assert deleted == len(old) + 1  # the upload of the published photo
    assert bucket.keys == sorted([*objects(photo["path"]), waiting["upload_key"], *young])


def test_a_walk_continues_where_the_last_one_stopped_and_starts_over(
    url: str, database: Database, bucket: MemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.storage.LISTED_AT_ONCE", 2)
    monkeypatch.setattr(sweep, "_WALKED_AT_ONCE", 2)
    for number in range(10):
        bucket.upload(f"public/{number:032x}/320.webp")
    spared = {"spare": timedelta(0)}

    counts = [sweep.delete_lost(database, bucket, **spared) for _ in range(4)]

    assert counts == [4, 4, 2, 0]
    bucket.upload(f"public/{0:032x}/320.webp")
    assert sweep.delete_lost(database, bucket, **spared) == 1


def test_without_the_cdn_objects_leave_the_bucket_and_copies_follow(
    url: str, maya: Person, database: Database, bucket: MemoryStorage, cdn: MemoryCdn
) -> None:
    photo = published(url, maya, bucket)
    call(url, maya, "delete_photo", p_photo_id=photo["id"])

    def away(_: str) -> None:
        raise DependencyUnavailable("cdn")

    cdn.before = away
    with pytest.raises(DependencyUnavailable):
        delete_doomed(database, bucket, cdn)
    assert bucket.keys == []
    assert doomed(url) == objects(photo["path"])

    cdn.before = lambda _: None
    assert delete_doomed(database, bucket, cdn) == 0
    assert sorted(cdn.forgotten) == [f"/{key}" for key in objects(photo["path"])]
    assert doomed(url) == []


def test_without_the_bucket_nothing_is_forgotten(
    url: str, maya: Person, database: Database, bucket: MemoryStorage, cdn: MemoryCdn
) -> None:
    published(url, maya, bucket)
    waiting = doomed(url)

    def away(_: str) -> None:
        raise DependencyUnavailable("s3")

    bucket.before = away
    with pytest.raises(DependencyUnavailable):
        delete_doomed(database, bucket, cdn)
    with pytest.raises(DependencyUnavailable):
        sweep.delete_lost(database, bucket)
    assert doomed(url) == waiting
