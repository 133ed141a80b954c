"""Users write and read messages only in an accepted match: over REST, WebSocket and rpc."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.conversations import Conversations, messages, new, one
from tests.support.functions import Function
from tests.support.people import People, Person
from tests.support.profiles import match
from tests.support.realtime import MemoryPosts, live
from tests.support.sockets import Socket
from wingman.kit.clients.database import DatabaseError, get_user_client
from wingman.kit.clients.redis import redis
from wingman.realtime import registry

Load = Callable[..., Function]
Way = Callable[[Person, UUID, str], bool]

WRITES = {"send", "typing"}
READS = {"page", "read", "received", "hide"}


def nothing(*_: object) -> None:
    pass


def status(value: str) -> Callable[..., None]:
    ended_at = "now()" if value == "ended" else "null"
    return lambda people, match_id, *_: people.connection.execute(
        f"update public.wingman_matches set status = %s, ended_at = {ended_at}"  # noqa: S608
        " where id = %s",
        (value, match_id),
    )


def blocks(people: People, one_user: Person, other: Person) -> None:
    people.connection.execute(
        "insert into private.blocks (user_id, blocked_id) values (%s, %s)",
        (one_user.id, other.id),
    )


def bans(people: People, _: UUID, __: Person, leo: Person) -> None:
    people.connection.execute(
        "update auth.users set banned_until = 'infinity' where id = %s", (leo.id,)
    )


# Each case changes the match or Leo's account; the steps are those that Maya may take afterwards.
CASES: Mapping[str, tuple[Callable[..., object], set[str]]] = {
    "accepted": (nothing, WRITES | READS),
    "pending": (status("pending"), set()),
    "declined": (status("declined"), set()),
    "ended": (status("ended"), set()),
    "blocked by her": (lambda people, _, maya, leo: blocks(people, maya, leo), set()),
    "blocked by him": (lambda people, _, maya, leo: blocks(people, leo, maya), set()),
    "banned": (bans, set()),
    "deleted": (lambda people, _, __, leo: people.remove(leo), READS),
}


@pytest.fixture
def posts() -> MemoryPosts:
    return MemoryPosts()


@pytest.fixture
def talks(function: Load, people: People) -> Conversations:
    return Conversations(function("conversations", ENABLE_RATE_LIMITING="false"), people)


@pytest.fixture
def sockets(
    function: Load, posts: MemoryPosts, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Person], Socket]:
    app = function("realtime", ENABLE_RATE_LIMITING="false")
    monkeypatch.setattr(app.module, "realtime", lambda: live(redis(), posts))

    def opened(person: Person) -> Socket:
        socket = Socket(app, posts, person)
        assert socket.open() == 200
        return socket

    return opened


@pytest.fixture
def ways(
    talks: Conversations, sockets: Callable[[Person], Socket], posts: MemoryPosts
) -> Mapping[str, Way]:
    """Return the ways to take a step; each returns whether the step succeeded."""

    def rest(person: Person, match_id: UUID, step: str) -> bool:
        asked: dict[str, tuple[Any, ...]] = {
            "send": ("POST", messages(match_id), new()),
            "page": ("GET", messages(match_id)),
            "read": ("PUT", f"{one(match_id)}/read", {"seq": 1}),
            "hide": ("DELETE", one(match_id)),
        }
        return talks.call(person, *asked[step])[0] < 300

    def frame(person: Person, match_id: UUID, step: str) -> bool:
        fields: dict[str, dict[str, Any]] = {
            "send": new(),
            "page": {"after_seq": 0},
            "read": {"seq": 1},
            "received": {"seq": 1},
            "typing": {},
        }
        kind = "sync" if step == "page" else step
        answer = sockets(person).send(kind, match_id=str(match_id), **fields[step])
        if step == "typing":  # has no answer
            return any(frame["type"] == "typing" for _, frame in posts.posted)
        return (answer or {}).get("type") != "error"

    def rpc(person: Person, match_id: UUID, step: str) -> bool:
        asked: dict[str, tuple[str, dict[str, Any]]] = {
            "send": ("send_message", {"p_client_id": str(uuid4()), "p_text": "Hello"}),
            "page": ("list_messages", {}),
            "read": ("mark_read", {"p_seq": 1}),
            "received": ("mark_received", {"p_seq": 1}),
            "hide": ("hide_conversation", {}),
            "typing": ("conversation_partner", {}),
        }
        name, more = asked[step]
        try:
            found = get_user_client(person.token).rpc(name, {"p_match_id": str(match_id)} | more)
        except DatabaseError:
            return False
        return step != "typing" or found is not None

    return {"REST": rest, "WebSocket": frame, "rpc": rpc}


STEPS = {
    "REST": ("send", "page", "read", "hide"),
    "WebSocket": ("typing", "send", "page", "received", "read"),
    "rpc": ("typing", "send", "page", "received", "read", "hide"),
}


@pytest.mark.parametrize("way", STEPS)
@pytest.mark.parametrize("case", CASES)
def test_every_way_lets_the_same_users_talk(
    talks: Conversations,
    ways: Mapping[str, Way],
    sockets: Callable[[Person], Socket],
    way: str,
    case: str,
) -> None:
    happens, allowed = CASES[case]
    maya, leo = talks.people.pair()
    match_id = match(talks.people, maya, leo)
    talks.say(leo, match_id)
    ear = sockets(leo)
    happens(talks.people, match_id, maya, leo)
    registry.forget_match(redis(), match_id)  # as the functions for these steps do

    done = {step for step in STEPS[way] if ways[way](maya, match_id, step)}

    assert done == allowed & set(STEPS[way])
    if not allowed:
        assert ear.received == []


@pytest.mark.parametrize("way", STEPS)
def test_no_way_lets_a_stranger_in(
    talks: Conversations, ways: Mapping[str, Way], sockets: Callable[[Person], Socket], way: str
) -> None:
    maya, leo = talks.people.pair()
    match_id = match(talks.people, maya, leo)
    talks.say(leo, match_id)
    ears = [sockets(maya), sockets(leo)]
    stranger = talks.people.new()

    assert [step for step in STEPS[way] if ways[way](stranger, match_id, step)] == []
    assert [ear.received for ear in ears] == [[], []]
