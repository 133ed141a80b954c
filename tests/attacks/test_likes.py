"""Likes under attack: probing for users, spam, others' likes, liking after an ended match."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.functions import Function
from tests.support.likes import LIKES, PASSES, Likes
from tests.support.people import People, Person

Rpc = Callable[..., httpx.Response]


@pytest.fixture
def likes(function: Callable[..., Function], people: People) -> Likes:
    return Likes(function("likes", ENABLE_RATE_LIMITING="false"), people)


@pytest.fixture
def rest(stack: dict[str, str]) -> Iterator[httpx.Client]:
    """Call PostgREST directly, with the backend key."""
    keys = {"apikey": stack["SUPABASE_PUBLISHABLE_KEY"], "x-backend-key": stack["BACKEND_KEY"]}
    url = f"{stack['SUPABASE_URL']}/rest/v1"
    with httpx.Client(base_url=url, headers=keys, timeout=30) as session:
        yield session


def shown_in(answer: dict[str, Any]) -> tuple[Any, ...]:
    problem = {name: value for name, value in answer.items() if name != "request_id"}
    return tuple(sorted((name, str(value)) for name, value in problem.items()))


@pytest.mark.parametrize("path", [LIKES, PASSES])
def test_hidden_blocked_banned_and_unknown_users_get_the_same_answer(
    likes: Likes, people: People, path: str
) -> None:
    maya, hidden, blocking, banned = (likes.shown() for _ in range(4))
    for statement, values in (
        ("update public.dog_profiles set visible = false where user_id = %s", (hidden.id,)),
        (
            "insert into private.blocks (user_id, blocked_id) values (%s, %s)",
            (blocking.id, maya.id),
        ),
        (
            "update auth.users set banned_until = now() + interval '1 day' where id = %s",
            (banned.id,),
        ),
    ):
        people.connection.execute(statement, values)
    unseen = [hidden.id, blocking.id, banned.id, people.new().id, uuid4()]

    answers = [likes.call(maya, "PUT", f"{path}/{user_id}") for user_id in unseen]

    assert {status for status, _ in answers} == {404}
    bodies = [
        shown_in(body | {"instance": str(body.get("instance")).replace(str(user_id), "id")})
        for user_id, (_, body) in zip(unseen, answers, strict=True)
    ]
    assert len(set(bodies)) == 1


def test_no_answer_shows_that_a_user_passed_on_me(likes: Likes) -> None:
    maya, passing, other = likes.shown(), likes.shown("Luna"), likes.shown("Luna")
    likes.done(passing, "PUT", f"{PASSES}/{maya.id}")

    answers = [likes.like(maya, person) for person in (passing, other)]

    assert [answer | {"user_id": "", "liked_at": ""} for answer in answers] == [
        {"user_id": "", "liked_at": "", "match": None}
    ] * 2
    assert likes.names(maya, direction="sent") == ["Luna", "Luna"]


def test_likes_given_and_taken_back_send_nothing(likes: Likes, people: People) -> None:
    maya, leo = likes.shown(), likes.shown()
    for _ in range(5):
        likes.like(maya, leo)
        likes.done(maya, "DELETE", f"{LIKES}/{leo.id}")

    found = people.connection.execute(
        "select user_id from public.email_logs where user_id = %(leo)s"
        " union all select user_id from public.notifications where user_id = %(leo)s",
        {"leo": leo.id},
    )
    assert found.fetchall() == []


def test_no_one_reads_or_writes_likes_directly(likes: Likes, rest: httpx.Client) -> None:
    maya, leo = likes.shown(), likes.shown()
    likes.like(leo, maya)
    forged = {"user_id": str(leo.id)}

    for table in ("likes", "passes"):
        answers = [
            rest.get(f"/{table}", headers=maya.authorization),
            rest.post(f"/{table}", json=forged, headers=maya.authorization),
            rest.delete(f"/{table}?user_id=eq.{leo.id}", headers=maya.authorization),
        ]
        assert {answer.status_code for answer in answers} == {403}
    assert likes.names(maya, direction="received") == ["Rex"]


def test_a_user_can_like_only_in_their_own_name(likes: Likes, rest: httpx.Client) -> None:
    maya, leo = likes.shown("Rex"), likes.shown("Bella")
    ask = {"p_user_id": str(maya.id), "user_id": str(leo.id)}

    answer = rest.post("/rpc/put_like", json=ask, headers=maya.authorization)

    assert answer.status_code == 404  # no such function
    assert likes.names(maya, direction="received") == []


def test_nothing_brings_back_a_user_who_ended_the_match(
    likes: Likes, people: People, rest: httpx.Client
) -> None:
    maya, leo = likes.shown(), likes.shown()
    match = likes.matched(maya, leo)
    likes.done(maya, "DELETE", f"{LIKES}/{leo.id}")

    likes.done(leo, "PUT", f"{PASSES}/{maya.id}")
    tried = [
        likes.call(leo, "DELETE", f"{PASSES}/{maya.id}")[1]["code"],
        likes.call(leo, "PUT", f"{LIKES}/{maya.id}")[1]["code"],
        *(
            rest.post(f"/rpc/{function}", json=arguments, headers=leo.authorization).json()[
                "message"
            ]
            for function, arguments in (
                ("request_match", invited(maya)),
                ("respond_to_match", {"p_match_id": match["id"], "p_action": "accept"}),
                ("create_session", planned(match["id"])),
            )
        ),
    ]

    assert tried == [
        *("match_ended", "match_ended", "match_ended", "match_already_answered"),
        "match_not_accepted",
    ]


def invited(person: Person) -> dict[str, Any]:
    words = {"p_venue_suggestion": None, "p_note": None}
    return {"p_invitee_id": str(person.id), "p_max_daily": 10} | words


def planned(match_id: str) -> dict[str, Any]:
    when = "2099-01-01T12:00:00Z"
    return {"p_match_id": match_id, "p_venue_name": "Zoo", "p_scheduled_time": when}
