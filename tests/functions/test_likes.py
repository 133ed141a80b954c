"""Likes and passes, through the function `likes`."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.likes import LIKES, PASSES, Likes
from tests.support.people import People, Person

Load = Callable[..., Function]


@pytest.fixture
def likes(function: Load, people: People) -> Likes:
    return Likes(function("likes", ENABLE_RATE_LIMITING="false"), people)


@pytest.fixture
def maya(likes: Likes) -> Person:
    return likes.shown("Rex")


@pytest.fixture
def leo(likes: Likes) -> Person:
    return likes.shown("Bella")


def test_two_likes_are_a_match_that_both_read(likes: Likes, maya: Person, leo: Person) -> None:
    first = likes.like(maya, leo)
    assert (first["user_id"], first["match"]) == (str(leo.id), None)
    assert set(first) == {"user_id", "liked_at", "match"}

    match = likes.like(leo, maya)["match"]

    assert (match["origin"], match["status"], match["expires_at"]) == (
        *("mutual_like", "accepted"),
        None,
    )
    assert match["partner"] == {
        "user_id": str(maya.id),
        "name": "Rex",
        "photo_url": match["partner"]["photo_url"],
    }
    assert likes.like(maya, leo)["match"]["id"] == match["id"]
    assert likes.like(maya, leo)["liked_at"] == first["liked_at"]


def test_lists_page_through_likes_in_both_directions(
    likes: Likes, maya: Person, leo: Person
) -> None:
    ben = likes.shown("Luna")
    for person in (leo, ben):
        likes.like(person, maya)
    likes.done(maya, "PUT", f"{PASSES}/{ben.id}")

    assert likes.names(maya, direction="received") == ["Bella"]
    assert likes.names(ben, direction="sent") == ["Rex"]
    assert likes.names(maya, PASSES) == ["Luna"]
    for person in (leo, ben):
        likes.like(maya, person)
    assert likes.names(maya, direction="sent", limit=1) == ["Luna", "Bella"]
    assert likes.names(maya, direction="received") == []


def test_a_user_in_a_list_has_a_name_an_age_and_a_picture(
    likes: Likes, maya: Person, leo: Person
) -> None:
    likes.like(maya, leo)

    (row,) = likes.done(maya, "GET", f"{LIKES}?direction=sent")["likes"]

    assert set(row) == {"user", "liked_at"}
    assert row["user"]["photo_url"].endswith("/320.webp")
    assert row["user"] | {"photo_url": None} == {
        "user_id": str(leo.id),
        "display_name": "Bella",
        "age": 4,
        "photo_url": None,
    }


def test_a_pass_counts_for_thirty_days(likes: Likes, maya: Person, leo: Person) -> None:
    passed = likes.done(maya, "PUT", f"{PASSES}/{leo.id}")

    begins, ends = (datetime.fromisoformat(passed[key]) for key in ("passed_at", "until"))
    assert abs(ends - begins - timedelta(days=30)) < timedelta(seconds=1)
    assert likes.done(maya, "PUT", f"{PASSES}/{leo.id}") == passed
    assert likes.call(maya, "DELETE", f"{PASSES}/{leo.id}") == (204, None)
    assert likes.names(maya, PASSES) == []


def test_undoing_always_gets_the_same_answer(
    likes: Likes, people: People, maya: Person, leo: Person
) -> None:
    hidden = people.new()
    for path in (LIKES, PASSES):
        for user_id in (leo.id, hidden.id, uuid4(), maya.id):
            assert likes.call(maya, "DELETE", f"{path}/{user_id}") == (204, None)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("PUT", f"{LIKES}/{{me}}", (422, "invalid_request")),
        ("PUT", f"{PASSES}/{{me}}", (422, "invalid_request")),
        ("PUT", f"{LIKES}/{{other}}", (404, "not_found")),
        ("PUT", f"{PASSES}/{{other}}", (404, "not_found")),
        ("PUT", f"{LIKES}/x", (422, "invalid_request")),
        ("GET", f"{LIKES}?direction=both", (422, "invalid_request")),
        ("GET", LIKES, (422, "invalid_request")),
        ("GET", f"{PASSES}?cursor=x", (422, "invalid_request")),
    ],
)
def test_a_wrong_request_is_refused(
    likes: Likes, maya: Person, method: str, path: str, expected: tuple[int, str]
) -> None:
    status, problem = likes.call(maya, method, path.format(me=maya.id, other=uuid4()))

    assert (status, problem["code"]) == expected


def test_a_user_without_a_profile_likes_no_one(likes: Likes, people: People, leo: Person) -> None:
    status, problem = likes.call(people.new(), "PUT", f"{LIKES}/{leo.id}")

    assert (status, problem["code"]) == (409, "profile_incomplete")


def test_an_ended_match_refuses_likes_and_undoing(likes: Likes, maya: Person, leo: Person) -> None:
    likes.matched(maya, leo)
    assert likes.call(maya, "DELETE", f"{LIKES}/{leo.id}") == (204, None)

    for method, path in (("PUT", LIKES), ("DELETE", PASSES)):
        status, problem = likes.call(leo, method, f"{path}/{maya.id}")
        assert (status, problem["code"]) == (409, "match_ended")


def test_likes_and_passes_share_a_bucket_of_sixty(function: Load, people: People) -> None:
    likes = Likes(function("likes"), people)
    maya, unknown = people.new(), uuid4()

    answers = [
        likes.call(maya, "PUT", f"{path}/{unknown}") for _ in range(32) for path in (LIKES, PASSES)
    ]

    statuses = [status for status, _ in answers]
    assert set(statuses[:60]) == {404}
    assert 429 in statuses[60:]


def test_a_warm_like_makes_two_calls_and_a_match_four(
    likes: Likes, maya: Person, leo: Person, calls: list[str]
) -> None:
    """The calls go to Redis, the database and, for a match, the queue and the registry in Redis."""
    to_redis = to_the_queue = "POST /"
    likes.like(maya, likes.shown())
    calls.clear()
    likes.like(maya, leo)
    assert calls == [to_redis, "POST /rest/v1/rpc/put_like"]

    calls.clear()
    assert likes.like(leo, maya)["match"]
    assert calls == [to_redis, "POST /rest/v1/rpc/put_like", to_the_queue, to_redis]
