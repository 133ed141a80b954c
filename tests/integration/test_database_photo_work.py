"""The worker's steps: each upload key is worked on once, under a lease that ends."""

from uuid import uuid4

import psycopg
import pytest

from tests.integration.database import WORKER, Person, call, invoke, look, race
from tests.integration.photos import (
    LEASE,
    claim,
    doomed,
    finish,
    new_path,
    objects,
    pass_time,
    ready,
    reserve,
    seen_by_others,
    shown,
    stored,
    unhurried,
)


@pytest.fixture(autouse=True)
def nothing_doomed(url: str) -> None:
    unhurried(url)
    look(url, "truncate private.doomed_objects")


def test_a_worker_has_five_seconds(url: str) -> None:
    [row] = look(
        url,
        "select column_default from information_schema.columns where column_name = 'photo_seconds'",
    )
    assert row["column_default"] == "5"


def reject(url: str, claimed: dict[str, object], reason: str = "unreadable") -> bool:
    params = {"p_id": claimed["id"], "p_lease": claimed["lease"], "p_rejection": reason}
    result: bool = call(url, WORKER, "reject_photo", **params)
    return result


def test_a_reservation_is_claimed_with_what_was_announced(url: str, maya: Person) -> None:
    photo = reserve(url, maya, p_content_type="image/png", p_size_bytes=7)

    claimed = claim(url, photo["upload_key"])

    assert (claimed["id"], claimed["content_type"], claimed["size_bytes"]) == (
        *(photo["id"], "image/png", 7),
    )
    assert shown(url, maya)[0]["status"] == "pending"


def test_one_of_many_workers_claims_an_upload_and_its_object_stays(url: str, maya: Person) -> None:
    key = reserve(url, maya)["upload_key"]

    answers = race(url, [(WORKER, lambda c: invoke(c, "claim_photo", p_key=key))] * 8)

    assert [answer[0]["claim_photo"] is not None for answer in answers].count(True) == 1
    assert doomed(url) == []


def test_a_settled_photo_leaves_its_upload_to_the_sweep(url: str, maya: Person) -> None:
    one, other = reserve(url, maya), reserve(url, maya)

    assert finish(url, claim(url, one["upload_key"]), new_path())
    assert reject(url, claim(url, other["upload_key"]))

    assert doomed(url) == sorted([one["upload_key"], other["upload_key"]])


def test_an_upload_under_a_used_key_is_deleted_and_replaces_nothing(url: str, maya: Person) -> None:
    photo = ready(url, maya)
    before = shown(url, maya)
    look(url, "truncate private.doomed_objects")

    assert claim(url, photo["upload_key"]) is None

    assert doomed(url) == [photo["upload_key"]]
    assert shown(url, maya) == before


def test_an_upload_after_the_deletion_of_its_photo_is_deleted(url: str, maya: Person) -> None:
    photo = reserve(url, maya)
    call(url, maya, "delete_photo", p_photo_id=photo["id"])
    look(url, "truncate private.doomed_objects")

    assert claim(url, photo["upload_key"]) is None
    assert doomed(url) == [photo["upload_key"]]


@pytest.mark.parametrize(
    "key", ["", "public/0/1080.webp", "incoming/../x", "incoming/Ü", "x" * 999]
)
def test_an_odd_key_is_no_reservation_and_dooms_nothing(url: str, key: str) -> None:
    assert claim(url, key) is None
    assert doomed(url) == []


def test_a_photo_counts_as_failed_once_the_time_of_its_worker_is_over(
    url: str, maya: Person
) -> None:
    photo, path = reserve(url, maya), new_path()
    claimed = claim(url, photo["upload_key"])
    pass_time(url, photo["id"], seconds=LEASE - 60)
    assert shown(url, maya)[0]["status"] == "pending"

    pass_time(url, photo["id"], seconds=60)

    [failed] = shown(url, maya)
    assert (failed["status"], failed["rejection"]) == ("rejected", "processing_failed")
    assert not finish(url, claimed, path)
    assert not reject(url, claimed)
    assert claim(url, photo["upload_key"]) is None
    assert doomed(url) == sorted([photo["upload_key"], *objects(path)])
    assert shown(url, maya) == [failed]


def test_the_sweep_writes_down_what_failed_and_deletes_what_is_over(url: str, maya: Person) -> None:
    call(url, WORKER, "settle_photos", p_limit=100)  # what other tests left
    look(url, "truncate private.doomed_objects")
    failed, over, waiting = (reserve(url, maya) for _ in range(3))
    claim(url, failed["upload_key"])
    pass_time(url, failed["id"], seconds=LEASE)
    pass_time(url, over["id"], hours=1)

    assert call(url, WORKER, "settle_photos", p_limit=100) == 2
    assert call(url, WORKER, "settle_photos", p_limit=100) == 0

    assert [row["status"] for row in stored(url, maya)] == ["rejected", "pending"]
    assert doomed(url) == sorted([failed["upload_key"], over["upload_key"]])
    pass_time(url, failed["id"], hours=24)
    assert call(url, WORKER, "settle_photos", p_limit=100) == 1
    assert [str(row["id"]) for row in stored(url, maya)] == [waiting["id"]]


def test_a_repeated_call_whose_first_answer_was_lost_is_answered_the_same(
    url: str, maya: Person
) -> None:
    one, other = reserve(url, maya), reserve(url, maya)
    claimed, path, refused = claim(url, one["upload_key"]), new_path(), None

    assert finish(url, claimed, path)
    assert finish(url, claimed, path)
    refused = claim(url, other["upload_key"])
    assert reject(url, refused)
    assert reject(url, refused)

    assert not set(objects(path)) & set(doomed(url))
    assert not reject(url, claimed)
    assert not finish(url, refused, new_path())


def test_another_lease_finishes_nothing(url: str, maya: Person) -> None:
    claimed = claim(url, reserve(url, maya)["upload_key"])

    assert not finish(url, claimed | {"lease": str(uuid4())}, new_path())
    assert not reject(url, claimed | {"lease": str(uuid4())})
    assert shown(url, maya)[0]["status"] == "pending"


def test_a_worker_cannot_publish_another_path_or_give_another_reason(
    url: str, maya: Person
) -> None:
    claimed = claim(url, reserve(url, maya)["upload_key"])
    for path in ("incoming/" + "0" * 32, "public/short", f"public/{'0' * 32}/x"):
        with pytest.raises(psycopg.errors.CheckViolation):
            finish(url, claimed, path)
    with pytest.raises(psycopg.errors.CheckViolation):
        reject(url, claimed, "ugly")


def test_others_see_only_photos_that_are_ready(url: str, maya: Person) -> None:
    photo = ready(url, maya)
    reserve(url, maya)
    reject(url, claim(url, reserve(url, maya)["upload_key"]), "moderation")

    assert [each["id"] for each in seen_by_others(url, maya)] == [photo["id"]]
    assert look(url, "select private.ready_photos(%s) as n", maya.user_id) == [{"n": 1}]


def test_only_objects_that_no_photo_needs_are_unknown(url: str, maya: Person) -> None:
    photo, waiting = ready(url, maya), reserve(url, maya)
    needed = [*objects(photo["path"]), waiting["upload_key"]]
    lost = [
        *(photo["upload_key"], f"incoming/{uuid4().hex}", *objects(new_path())),
        *(f"{photo['path']}/original.jpg", photo["path"], "public/x"),
    ]

    unknown = call(url, WORKER, "unknown_photo_objects", p_keys=needed + lost)

    assert sorted(unknown) == sorted(lost)


def test_an_object_that_was_doomed_again_is_not_forgotten(url: str, maya: Person) -> None:
    photo = ready(url, maya)
    listed = call(url, WORKER, "list_doomed_objects", p_in_bucket=True, p_limit=10)
    assert listed["keys"] == [photo["upload_key"]]
    claim(url, photo["upload_key"])

    params = {"p_in_bucket": True, "p_keys": listed["keys"], "p_listed_at": listed["listed_at"]}
    assert call(url, WORKER, "forget_doomed_objects", **params) == 0
    assert doomed(url) == [photo["upload_key"]]
    again = call(url, WORKER, "list_doomed_objects", p_in_bucket=True, p_limit=10)
    params = {"p_in_bucket": True, "p_keys": again["keys"], "p_listed_at": again["listed_at"]}
    assert call(url, WORKER, "forget_doomed_objects", **params) == 1
