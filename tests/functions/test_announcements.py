"""A step is announced to the right connections, whichever function carries it out."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.functions.conftest import Watched
from tests.functions.test_match_respond import invited, respond
from tests.functions.test_safety import Safety
from tests.integration.test_departures import Away
from tests.support.conversations import Conversations, new, one
from tests.support.functions import Function
from tests.support.likes import LIKES, PASSES, Likes
from tests.support.management_api import ManagementApiServer
from tests.support.people import People, Person
from tests.support.profiles import match
from tests.support.realtime import MemoryPosts, connect, live
from wingman.conversations import announcing
from wingman.conversations.models import Message, SentMessage
from wingman.kit.clients.redis import redis
from wingman.realtime import registry
from wingman.realtime.registry import Connection
from wingman.realtime.service import Via

Load = Callable[..., Function]


@pytest.fixture
def talks(function: Load, people: People, watched: Watched) -> Conversations:
    return Conversations(watched(function("conversations", ENABLE_RATE_LIMITING="false")), people)


@pytest.fixture
def likes(function: Load, people: People, watched: Watched) -> Likes:
    return Likes(watched(function("likes", ENABLE_RATE_LIMITING="false")), people)


def phones(*people: Person) -> list[Connection]:
    return [connect(redis(), person.id) for person in people]


# --- conversations


def test_a_message_over_rest_reaches_every_connection_of_both(
    talks: Conversations, posts: MemoryPosts
) -> None:
    maya, leo, match_id = talks.matched()
    connections = phones(maya, leo, leo)
    stranger = phones(talks.people.new())

    sent = talks.say(maya, match_id)

    frame = {"type": "message", "message": sent}
    assert [posts.to(each) for each in connections] == [[frame]] * 3
    assert posts.to(stranger[0]) == []


def test_a_message_that_is_refused_reaches_no_one(talks: Conversations, posts: MemoryPosts) -> None:
    maya, leo = talks.people.pair()
    phones(maya, leo)
    pending = match(talks.people, maya, leo, "pending")
    assert talks.post(maya, pending, new())["statusCode"] == 409
    assert posts.posted == []


def test_a_read_mark_reaches_the_partner_and_the_readers_devices(
    talks: Conversations, posts: MemoryPosts
) -> None:
    maya, leo, match_id = talks.matched()
    talks.say(maya, match_id)
    connections = phones(maya, leo)

    talks.done(leo, "PUT", f"{one(match_id)}/read", {"seq": 9})

    frame = {"type": "read", "match_id": str(match_id), "user_id": str(leo.id), "seq": 1}
    assert [posts.to(each) for each in connections] == [[frame]] * 2


def test_hiding_reaches_only_the_users_own_devices(
    talks: Conversations, posts: MemoryPosts
) -> None:
    maya, leo, match_id = talks.matched()
    talks.say(maya, match_id)
    mine, theirs = phones(leo, maya)

    talks.done(leo, "DELETE", one(match_id))

    assert posts.to(mine) == [{"type": "hidden", "match_id": str(match_id), "first_seq": 2}]
    assert posts.to(theirs) == []


def test_a_repeated_message_is_posted_again(talks: Conversations, posts: MemoryPosts) -> None:
    """The first request may have ended between its commit and its posts."""
    maya, leo, match_id = talks.matched()
    [phone], body = phones(leo), new()

    for _ in range(2):
        talks.post(maya, match_id, body)

    first, again = posts.to(phone)
    assert first == again


def message(seconds_ago: int = 0, **more: Any) -> SentMessage:
    sent_at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    facts = {"id": uuid4(), "match_id": uuid4(), "seq": 1, "sender_id": uuid4()}
    text = {"client_id": uuid4(), "text": "Hello", "playground": None, "sent_at": sent_at}
    found = Message.model_validate(facts | text)
    return SentMessage.model_validate(
        {"message": found, "replayed": False, "partner_id": uuid4()} | more
    )


@pytest.mark.parametrize(
    ("seconds_ago", "facts", "posted"),
    [
        (0, {}, True),
        (60, {"replayed": True}, True),
        (180, {"replayed": True}, False),
        (0, {"partner_id": None}, False),
    ],
    ids=["new", "repeated soon", "repeated late", "of an ended match"],
)
def test_a_message_is_posted_if_it_is_new_or_repeated_soon(
    function: Load, posts: MemoryPosts, seconds_ago: int, facts: dict[str, Any], posted: bool
) -> None:
    function("conversations")
    sent = message(seconds_ago, **facts)
    assert sent.message.sender_id
    phone = connect(redis(), sent.partner_id or sent.message.sender_id)
    announcing.message(live(redis(), posts), sent, None)
    assert bool(posts.to(phone)) is posted


def test_the_sending_connection_gets_no_copy_and_the_registry_is_not_asked_again(
    function: Load, posts: MemoryPosts, calls: list[str]
) -> None:
    function("conversations")
    sent = message()
    assert sent.message.sender_id
    assert sent.partner_id
    own, other = connect(redis(), sent.message.sender_id), connect(redis(), sent.partner_id)
    calls.clear()

    announcing.message(live(redis(), posts), sent, Via(own.id, [own, other]))

    assert (posts.to(own), len(posts.to(other)), calls) == ([], 1, [])


def test_typing_reaches_only_the_partner(posts: MemoryPosts) -> None:
    writer, partner, match_id = uuid4(), uuid4(), uuid4()
    own, other = (
        Connection(uuid4().hex, each, uuid4(), datetime.now(UTC)) for each in (writer, partner)
    )
    announcing.typing(live(Away(), posts), match_id, writer, [own, other])
    frame = {"type": "typing", "match_id": str(match_id), "user_id": str(writer)}
    assert (posts.to(own), posts.to(other)) == ([], [frame])


@pytest.fixture
def server() -> Iterator[ManagementApiServer]:
    with ManagementApiServer(("test", "test"), "us-east-1") as running:
        yield running


def test_a_sent_message_posts_once_per_connection(
    function: Load, people: People, server: ManagementApiServer, calls: list[str]
) -> None:
    """Over REST, reading the registry is a second call to Redis; over WebSocket it is not."""
    app = function("conversations", REALTIME_ENDPOINT=server.url)
    talks = Conversations(app, people)
    maya, leo, match_id = talks.matched()
    talks.say(maya, match_id)  # warm
    peers = [server.connect(each.id) for each in phones(maya, leo, leo)]
    calls.clear()

    talks.say(maya, match_id)

    posted = [call for call in calls if "@connections" in call]
    assert len(posted) == 3
    assert [call for call in calls if call not in posted] == [
        *("POST /", "POST /rest/v1/rpc/send_message", "POST /"),
    ]
    assert [len(peer.frames) for peer in peers] == [1, 1, 1]


def test_a_connection_that_is_gone_is_forgotten_once_it_is_old(
    function: Load, people: People, server: ManagementApiServer
) -> None:
    talks = Conversations(function("conversations", REALTIME_ENDPOINT=server.url), people)
    maya, leo, match_id = talks.matched()
    young, old = phones(leo, leo)
    key = registry.connections_key(leo.id)
    expires, connected, session = redis().run("HGET", key, old.id).split()
    redis().run("HSET", key, old.id, f"{expires} {int(connected) - 31_000} {session}")

    talks.say(maya, match_id)

    left = registry.connections_of(redis(), [leo.id])
    assert [each.id for each in left] == [young.id]
    assert server.statuses(young.id) == server.statuses(old.id) == [410]


# --- matches


def test_a_match_of_likes_reaches_both_each_with_the_other_as_partner(
    likes: Likes, posts: MemoryPosts
) -> None:
    maya, leo = likes.shown("Rex"), likes.shown("Bella")
    mine, theirs = phones(maya, leo)
    likes.like(maya, leo)
    assert posts.posted == []

    made = likes.like(leo, maya)["match"]

    assert posts.to(theirs) == [{"type": "match", "match": made}]
    [frame] = posts.to(mine)
    assert frame["match"] | {"partner": None} == made | {"partner": None}
    assert frame["match"]["partner"]["name"] == "Bella"
    likes.like(leo, maya)
    assert len(posts.posted) == 2


@pytest.mark.parametrize(("method", "path"), [("DELETE", LIKES), ("PUT", PASSES)])
def test_the_end_of_a_match_of_likes_reaches_both(
    likes: Likes, posts: MemoryPosts, method: str, path: str
) -> None:
    maya, leo = likes.shown(), likes.shown()
    match_id = likes.matched(maya, leo)["id"]
    connections = phones(maya, leo)

    for _ in range(2):
        likes.call(maya, method, f"{path}/{leo.id}")

    frame = {"type": "match_ended", "match_id": match_id}
    assert [posts.to(each) for each in connections] == [[frame]] * 2


def test_an_accepted_invitation_reaches_both_and_a_declined_one_no_one(
    function: Load, people: People, watched: Watched, posts: MemoryPosts
) -> None:
    maya, leo, match_id = invited(function, people)
    ada, max_, declined = invited(function, people)
    connections = phones(maya, leo, ada, max_)
    app = watched(function("match_respond"))

    respond(app, "decline", max_, declined)
    assert posts.posted == []
    for _ in range(2):
        respond(app, "accept", leo, match_id)
    frames = [posts.to(each) for each in connections]
    assert [[frame["type"] for frame in each] for each in frames] == [["match"], ["match"], [], []]
    assert frames[0][0]["match"]["partner"]["user_id"] == str(leo.id)

    for _ in range(2):
        respond(app, "unmatch", maya, match_id)
    ended = {"type": "match_ended", "match_id": match_id}
    assert [posts.to(each)[-1] for each in connections[:2]] == [ended] * 2
    assert len(posts.posted) == 4


def test_a_block_ends_the_conversation_at_once_without_saying_why(
    function: Load, people: People, watched: Watched, posts: MemoryPosts
) -> None:
    safety = Safety(watched(function("safety", ENABLE_RATE_LIMITING="false")), people)
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    connections = phones(maya, leo)

    for _ in range(2):
        safety.block(maya, leo.id)

    frame = {"type": "match_ended", "match_id": str(match_id)}
    assert [posts.to(each) for each in connections] == [[frame]] * 2


def test_a_block_during_an_open_invitation_announces_nothing(
    function: Load, people: People, watched: Watched, posts: MemoryPosts
) -> None:
    safety = Safety(watched(function("safety", ENABLE_RATE_LIMITING="false")), people)
    maya, leo = people.pair()
    match(people, leo, maya, "pending")
    phones(maya, leo)
    safety.block(maya, leo.id)
    assert posts.posted == []
