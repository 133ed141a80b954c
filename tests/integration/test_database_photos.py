"""A user's own photos: at most six, in the user's order, two kept while visible."""

from functools import partial
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.database import (
    WORKER,
    Person,
    acting_as,
    call,
    invoke,
    look,
    new_person,
    overtaken,
    race,
    sqlstate,
)
from tests.integration.photos import (
    RESERVATION,
    claim,
    doomed,
    finish,
    ids,
    make_visible,
    new_path,
    objects,
    pass_time,
    ready,
    reserve,
    reserving,
    seen_by_others,
    shown,
    stored,
    unhurried,
)


@pytest.fixture(autouse=True)
def calm(url: str) -> None:
    unhurried(url)


def test_a_reservation_is_a_pending_photo_at_the_end(url: str, maya: Person) -> None:
    ready(url, maya)
    photo = reserve(url, maya)

    assert shown(url, maya)[1] == {
        "id": photo["id"],
        "status": "pending",
        "position": 1,
        "url": None,
        "thumbnail_url": None,
        "width": None,
        "height": None,
        "placeholder": None,
        "rejection": None,
        "created_at": photo["created_at"],
    }
    assert photo["position"] == 1


def test_a_ready_photo_has_urls_below_the_address_of_the_deployment(url: str, maya: Person) -> None:
    look(url, "select public.set_photos_url('https://photos.example.com')")
    path = ready(url, maya)["path"]

    [photo] = shown(url, maya)

    assert photo["url"] == f"https://photos.example.com/{path}/1080.webp"
    assert photo["thumbnail_url"] == f"https://photos.example.com/{path}/320.webp"
    assert (photo["status"], photo["width"], photo["height"]) == ("ready", 1080, 720)
    assert call(url, maya, "get_photo", p_photo_id=photo["id"]) == photo


@pytest.mark.parametrize("address", ["ftp://photos.example.com", "https://a b", "https://x.de/"])
def test_a_malformed_address_is_refused(url: str, address: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        look(url, "select public.set_photos_url(%s)", address)


def test_upload_keys_are_unguessable(url: str, maya: Person) -> None:
    one, other = (reserve(url, maya)["upload_key"] for _ in range(2))

    assert one != other
    assert one.startswith("incoming/")
    assert len(one.removeprefix("incoming/")) == 32


def test_a_seventh_photo_is_refused_counting_those_that_are_pending(url: str, maya: Person) -> None:
    for _ in range(3):
        ready(url, maya)
        reserve(url, maya)

    assert sqlstate(url, maya, "reserve_photo", **RESERVATION) == ("WF002", "too_many_photos")


def test_twenty_reservations_at_once_make_six_photos(url: str, maya: Person) -> None:
    answers = race(url, [(maya, reserving)] * 20)

    assert sorted(getattr(answer, "sqlstate", "made") for answer in answers) == (
        ["WF002"] * 14 + ["made"] * 6
    )
    assert [photo["position"] for photo in shown(url, maya)] == list(range(6))


def test_a_rejected_photo_does_not_count_and_disappears_after_a_day(url: str, maya: Person) -> None:
    photos = [reserve(url, maya) for _ in range(6)]
    claimed = claim(url, photos[0]["upload_key"])
    look(url, "select public.reject_photo(%s, %s, 'unreadable')", claimed["id"], claimed["lease"])

    assert shown(url, maya)[0]["rejection"] == "unreadable"
    reserve(url, maya)
    assert len(shown(url, maya)) == 7

    pass_time(url, photos[0]["id"], hours=24)
    assert ids(url, maya)[0] == photos[1]["id"]
    assert len(shown(url, maya)) == 6


def test_a_reservation_without_an_upload_ends_after_an_hour(url: str, maya: Person) -> None:
    photos = [reserve(url, maya) for _ in range(6)]
    pass_time(url, photos[0]["id"], seconds=3599)
    assert sqlstate(url, maya, "reserve_photo", **RESERVATION)[0] == "WF002"

    pass_time(url, photos[0]["id"], seconds=1)

    assert ids(url, maya) == [photo["id"] for photo in photos[1:]]
    assert claim(url, photos[0]["upload_key"]) is None
    assert reserve(url, maya)["position"] == 5
    assert [photo["position"] for photo in shown(url, maya)] == list(range(6))


def test_a_reservation_whose_upload_is_claimed_at_the_last_moment_counts(
    url: str, maya: Person
) -> None:
    photos = [reserve(url, maya) for _ in range(6)]
    with acting_as(url, maya) as worker:
        worker.execute("reset role")
        worker.execute(
            "update public.photos set lease = gen_random_uuid(), lease_expires_at = now() +"
            " interval '1 minute', created_at = now() - interval '2 hours' where id = %s",
            [photos[0]["id"]],
        )
        answer = overtaken(url, worker, maya, reserving)

    assert answer.sqlstate == "WF002"


def test_the_photos_of_a_day_are_limited_however_many_were_deleted(url: str, maya: Person) -> None:
    look(url, "update private.app_settings set max_daily_photos = 3")
    for _ in range(3):
        call(url, maya, "delete_photo", p_photo_id=reserve(url, maya)["id"])

    assert sqlstate(url, maya, "reserve_photo", **RESERVATION) == ("WF005", "daily_photo_limit")

    look(url, "update private.user_days set counted_on = counted_on - 1")
    reserve(url, maya)
    look(url, "update private.app_settings set max_daily_photos = 60")


def test_the_same_key_again_returns_the_first_answer(url: str, maya: Person) -> None:
    named = {"p_idempotency_key": "one", "p_request_hash": "a"}
    first = reserve(url, maya, **named)
    call(url, maya, "delete_photo", p_photo_id=first["id"])

    assert reserve(url, maya, **named) == first | {"replayed": True}
    assert shown(url, maya) == []
    other = RESERVATION | named | {"p_request_hash": "b"}
    assert sqlstate(url, maya, "reserve_photo", **other)[0] == "WA002"


def test_photos_are_put_into_a_new_order(url: str, maya: Person) -> None:
    made = [ready(url, maya)["id"] for _ in range(3)] + [reserve(url, maya)["id"]]
    wanted = [made[index] for index in (2, 3, 0, 1)]

    answer = call(url, maya, "order_photos", p_photo_ids=list(map(UUID, wanted)))

    assert [photo["id"] for photo in answer] == wanted == ids(url, maya)
    assert [photo["position"] for photo in answer] == [0, 1, 2, 3]
    assert [photo["id"] for photo in seen_by_others(url, maya)] == [wanted[0], *wanted[2:]]
    assert [photo["position"] for photo in seen_by_others(url, maya)] == [0, 1, 2]


def test_an_order_that_does_not_name_exactly_the_present_photos_is_refused(
    url: str, maya: Person, leo: Person
) -> None:
    one, two = (UUID(ready(url, maya)["id"]) for _ in range(2))
    foreign = UUID(ready(url, leo)["id"])
    for wrong in ([], [one], [one, one], [one, two, two], [one, foreign], [one, two, foreign]):
        assert sqlstate(url, maya, "order_photos", p_photo_ids=wrong) == (
            *("WF003", "photos_changed"),
        )
    assert sqlstate(url, maya, "order_photos", p_photo_ids=[one, two, None])[0] == "WF003"
    assert ids(url, maya) == [str(one), str(two)]
    assert ids(url, leo) == [str(foreign)]


def test_a_photo_of_another_user_does_not_exist(url: str, maya: Person, leo: Person) -> None:
    photo = ready(url, leo)
    for function in ("get_photo", "delete_photo"):
        assert sqlstate(url, maya, function, p_photo_id=photo["id"]) == ("WF001", "not_found")
        assert sqlstate(url, maya, function, p_photo_id=uuid4()) == ("WF001", "not_found")
    assert ids(url, leo) == [photo["id"]]


def test_deleting_a_photo_leaves_its_objects_to_the_sweep(url: str, maya: Person) -> None:
    photo, waiting = ready(url, maya), reserve(url, maya)
    look(url, "truncate private.doomed_objects")

    call(url, maya, "delete_photo", p_photo_id=photo["id"])
    assert doomed(url) == objects(photo["path"])
    assert look(url, "select bool_and(in_cdn) as in_cdn from private.doomed_objects") == [
        {"in_cdn": True}
    ]

    call(url, maya, "delete_photo", p_photo_id=waiting["id"])
    assert waiting["upload_key"] in doomed(url)
    assert shown(url, maya) == []
    assert sqlstate(url, maya, "delete_photo", p_photo_id=photo["id"])[0] == "WF001"


def test_a_visible_profile_keeps_two_ready_photos(url: str, maya: Person) -> None:
    one, two, three = (ready(url, maya)["id"] for _ in range(3))
    waiting = reserve(url, maya)["id"]
    make_visible(url, maya)

    call(url, maya, "delete_photo", p_photo_id=one)
    refused = sqlstate(url, maya, "delete_photo", p_photo_id=two)
    assert refused == ("WF004", "too_few_photos")
    call(url, maya, "delete_photo", p_photo_id=waiting)
    assert ids(url, maya) == [two, three]

    make_visible(url)
    call(url, maya, "delete_photo", p_photo_id=two)
    assert ids(url, maya) == [three]


def test_photos_deleted_at_once_leave_two_while_visible(url: str, maya: Person) -> None:
    photos = [ready(url, maya)["id"] for _ in range(6)]
    make_visible(url, maya)

    answers = race(
        url,
        [(maya, partial(invoke, function="delete_photo", p_photo_id=each)) for each in photos],
    )

    assert [getattr(each, "sqlstate", None) for each in answers].count("WF004") == 2
    assert len(ids(url, maya)) == 2


def test_an_account_takes_its_photos_with_it(url: str, leo: Person) -> None:
    maya = new_person(url)
    photo, waiting, kept = ready(url, maya), reserve(url, maya), ready(url, leo)
    look(url, "truncate private.doomed_objects")

    look(url, "delete from auth.users where id = %s", maya.user_id)

    assert doomed(url) == sorted([waiting["upload_key"], *objects(photo["path"])])
    assert stored(url, maya) == []
    assert ids(url, leo) == [kept["id"]]


def test_the_export_has_photos_with_type_and_size(url: str, maya: Person) -> None:
    photo = ready(url, maya)
    [row] = look(url, "select private.export_photos(%s) as photos", maya.user_id)

    [exported] = row["photos"]
    assert (exported["id"], exported["status"]) == (photo["id"], "ready")
    assert (exported["content_type"], exported["size_bytes"]) == ("image/jpeg", 1000)


def test_a_photo_deleted_while_a_worker_finishes_is_never_shown(url: str, maya: Person) -> None:
    photo, path = reserve(url, maya), new_path()
    claimed = claim(url, photo["upload_key"])
    with acting_as(url, maya) as deleting:
        invoke(deleting, "delete_photo", p_photo_id=photo["id"])
        params = {"p_id": claimed["id"], "p_lease": claimed["lease"], "p_path": path}
        size = {"p_width": 1, "p_height": 1, "p_placeholder": "x"}
        answer = overtaken(
            *(url, deleting, WORKER),
            lambda connection: invoke(connection, "finish_photo", **params, **size),
        )

    assert answer == [{"finish_photo": False}]
    assert seen_by_others(url, maya) == shown(url, maya) == []
    assert set(objects(path)) <= set(doomed(url))
    assert not finish(url, claimed, path)
