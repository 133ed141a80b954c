"""Connections under attack: other users' tickets and matches, floods, odd frames."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from tests.support.functions import Function
from tests.support.people import People, Person
from tests.support.profiles import match
from tests.support.realtime import MemoryPosts, live
from tests.support.sockets import Frame, Socket, connected, message, session_of
from wingman.kit.clients.redis import redis
from wingman.kit.presence.departures import depart
from wingman.kit.presence.ended import end_tokens
from wingman.realtime import registry, tickets
from wingman.realtime.limits import CONNECTION_FRAMES, REFUSED_FRAMES

Load = Callable[..., Function]
FRAMES = ["send", "received", "read", "typing", "sync"]


@pytest.fixture
def posts() -> MemoryPosts:
    return MemoryPosts()


@pytest.fixture
def app(function: Load, posts: MemoryPosts, monkeypatch: pytest.MonkeyPatch) -> Function:
    found = function("realtime")
    monkeypatch.setattr(found.module, "realtime", lambda: live(redis(), posts))
    return found


def opened(app: Function, posts: MemoryPosts, person: Person) -> Socket:
    socket = Socket(app, posts, person)
    assert socket.open() == 200
    return socket


def about(kind: str, match_id: UUID) -> Frame:
    fields = {
        "send": message(),
        "sync": {"after_seq": 0},
        "received": {"seq": 1},
        "read": {"seq": 1},
        "typing": {},
    }
    return {"match_id": str(match_id)} | fields[kind]


# --- tickets


def allowed(app: Function, ticket: str) -> bool:
    answer = app.invoke(app.event("authorize", ticket=ticket))
    [statement] = answer["policyDocument"]["Statement"]
    assert ("context" in answer) == (statement["Effect"] == "Allow")
    return bool(statement["Effect"] == "Allow")


def ticket_of(function: Load, person: Person) -> str:
    _, body, _ = function("realtime_ticket").call("create", access_token=person.token)
    return str(body["ticket"])


def test_a_ticket_presented_many_times_at_once_opens_one_connection(
    function: Load, app: Function, people: People
) -> None:
    ticket = ticket_of(function, people.new())
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: tickets.redeem(redis(), ticket), range(16)))
    assert len([one for one in found if one]) == 1
    assert not allowed(app, ticket)


@pytest.mark.parametrize(
    "guess", ["", "x", "A" * 43, "*", "ticket:*", "é" * 43, "\x00", "x" * 8000], ids=repr
)
def test_a_guessed_ticket_opens_nothing(app: Function, guess: str) -> None:
    event = app.event("authorize")
    event["queryStringParameters"]["ticket"] = guess
    answer = app.invoke(event)
    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Deny"


def test_a_ticket_is_too_long_to_be_guessed_and_no_two_are_equal(
    function: Load, people: People
) -> None:
    issuer, maya = function("realtime_ticket"), people.new()
    found = {issuer.call("create", access_token=maya.token)[1]["ticket"] for _ in range(10)}
    assert len(found) == 10
    assert min(map(len, found)) >= 43


def test_an_access_token_is_no_ticket_and_a_ticket_is_no_access_token(
    function: Load, app: Function, people: People
) -> None:
    maya = people.new()
    assert not allowed(app, maya.token)
    issuer = function("realtime_ticket")
    status, body, _ = issuer.call("create", access_token=ticket_of(function, maya))
    assert (status, body["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("end", ["session", "account"])
def test_a_ticket_does_not_outlive_its_session(
    function: Load, app: Function, posts: MemoryPosts, people: People, end: str
) -> None:
    maya = people.new()
    ticket = ticket_of(function, maya)
    if end == "session":
        end_tokens(redis(), [session_of(maya.token)])
    else:
        depart(redis(), [maya.id])

    assert allowed(app, ticket)
    assert Socket(app, posts, maya).open() == 403
    assert connected(maya) == set()


# --- matches of others, and matches that ended


@pytest.mark.parametrize("kind", FRAMES)
def test_a_stranger_reaches_no_conversation(
    app: Function, posts: MemoryPosts, people: People, kind: str
) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    phone, other = opened(app, posts, maya), opened(app, posts, leo)
    phone.send("send", **about("send", match_id))
    before = list(other.received)
    stranger = opened(app, posts, people.new())

    answer = stranger.send(kind, **about(kind, match_id)) or {}

    assert (answer["type"], answer["code"]) == ("error", "not_found")
    assert (phone.received, other.received) == ([], before)


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("end", ["unmatched", "blocked"])
def test_no_frame_is_delivered_after_a_match_has_ended(
    function: Load, app: Function, posts: MemoryPosts, people: People, kind: str, end: str
) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    phone, other = opened(app, posts, maya), opened(app, posts, leo)
    phone.send("send", **about("send", match_id))
    posts.posted.clear()
    end_match(people, match_id, maya, leo, end)
    registry.forget_match(redis(), match_id)
    registry.learn(redis(), match_id, (maya.id, leo.id))  # as a late step would

    answer = phone.send(kind, **about(kind, match_id)) or {}

    assert answer["type"] == "error"
    assert answer["code"] in {"not_found", "match_not_active"}
    assert other.received == []


def end_match(people: People, match_id: UUID, maya: Person, leo: Person, how: str) -> None:
    if how == "blocked":
        people.connection.execute(
            "insert into private.blocks (user_id, blocked_id) values (%s, %s)", (leo.id, maya.id)
        )
    else:
        people.connection.execute(
            "update public.wingman_matches set status = 'ended', ended_at = now() where id = %s",
            (match_id,),
        )


def test_a_frame_cannot_speak_for_another_user(
    app: Function, posts: MemoryPosts, people: People
) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    phone = opened(app, posts, maya)
    for name in ("sender_id", "user_id", "token", "session_id"):
        forged = about("send", match_id) | {name: str(leo.id)}
        assert phone.refused("send", **forged) == "invalid_request"


@pytest.mark.parametrize("route", ["$connect", "$disconnect"])
def test_a_client_cannot_choose_the_route_of_a_frame(
    app: Function, posts: MemoryPosts, people: People, route: str
) -> None:
    maya = people.new()
    phone = opened(app, posts, maya)
    event = phone.event("ping", body=json.dumps({"type": route}))
    event["requestContext"]["routeKey"] = route

    answer = json.loads(app.invoke(event)["body"])

    assert answer["code"] == "invalid_request"
    assert connected(maya) == {phone.id}


# --- floods


def test_a_flood_of_frames_is_refused_and_then_closes_only_its_connection(
    app: Function, posts: MemoryPosts, people: People, calls: list[str]
) -> None:
    maya = people.new()
    flooding, quiet = opened(app, posts, maya), opened(app, posts, people.new())
    answers: list[Frame] = []
    most = CONNECTION_FRAMES.capacity + REFUSED_FRAMES.capacity + 100
    while not flooding.is_closed and len(answers) < most:
        answers.append(flooding.say("{") or {})
    codes = [answer.get("code") for answer in answers]

    assert codes.index("rate_limited") >= CONNECTION_FRAMES.capacity
    assert flooding.is_closed
    assert flooding.received[-1]["code"] == "rate_limited"
    assert not [call for call in calls if "/rpc/" in call]
    assert (quiet.send("ping") or {})["type"] == "pong"


def test_frames_of_many_connections_share_the_limit_of_their_user(
    app: Function, posts: MemoryPosts, people: People
) -> None:
    maya = people.new()
    codes: list[str | None] = []
    for _ in range(3):
        phone = opened(app, posts, maya)
        codes += [(phone.say("{") or {}).get("code") for _ in range(110)]
    assert "rate_limited" in codes[300:]
    assert "rate_limited" not in codes[:300]
