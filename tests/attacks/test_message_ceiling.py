"""One user sends thousands of messages without rate limits; the ceiling in SQL holds."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support.conversations import Conversations, new
from tests.support.functions import Function
from tests.support.graph import MESSAGE, Graph, codes_of, said
from tests.support.people import People, Person
from tests.support.profiles import match
from tests.support.realtime import MemoryPosts, live
from tests.support.sockets import Socket, message
from wingman.kit.clients.redis import redis
from wingman.realtime.limits import REFUSED_FRAMES

CEILING, CONNECTIONS, EACH = 1200, 8, 250
Load = Callable[..., Function]


@pytest.fixture
def load(function: Load) -> Load:
    """Load a function without rate limits."""
    return lambda name: function(name, ENABLE_RATE_LIMITING="false")


@pytest.fixture
def flooding(people: People) -> tuple[Person, UUID]:
    """A user who has sent as many messages as the ceiling allows, and the user's match."""
    maya, leo = people.pair()
    people.connection.execute(
        "insert into private.message_windows (user_id, began_at, message_count)"
        " values (%s, now() - interval '2 minutes', %s)",
        (maya.id, CEILING),
    )
    return maya, match(people, maya, leo)


def is_the_wait(seconds: object) -> bool:
    return 240 < int(str(seconds)) <= 480


def test_thousands_of_messages_at_once_are_stored_up_to_the_ceiling(
    stack: dict[str, str], people: People
) -> None:
    maya = people.new()
    matches = [match(people, maya, people.new()) for _ in range(CONNECTIONS // 2)]
    url = f"{stack['SUPABASE_URL']}/rest/v1/rpc"
    keys = {"apikey": stack["SUPABASE_PUBLISHABLE_KEY"], "x-backend-key": stack["BACKEND_KEY"]}
    together = Barrier(CONNECTIONS)

    def flood(match_id: UUID) -> list[httpx.Response]:
        asked = {"p_match_id": str(match_id), "p_text": "Hello"}
        with httpx.Client(base_url=url, headers=keys | maya.authorization, timeout=60) as client:
            together.wait()
            return [
                client.post("/send_message", json=asked | {"p_client_id": str(uuid4())})
                for _ in range(EACH)
            ]

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = [each for sent in pool.map(flood, matches * 2) for each in sent]

    refused = [answer.json() for answer in answers if answer.is_error]
    assert Counter(problem["code"] for problem in refused) == {
        "WT004": CONNECTIONS * EACH - CEILING
    }
    [(stored,)] = people.connection.execute(
        "select count(*) from public.messages where sender_id = %s", [maya.id]
    ).fetchall()
    assert stored == CEILING


def test_rest_refuses_a_message_beyond_the_ceiling(
    load: Load, people: People, flooding: tuple[Person, UUID]
) -> None:
    maya, match_id = flooding

    answer = Conversations(load("conversations"), people).post(maya, match_id, new())

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (429, "message_limit")
    assert is_the_wait(answer["headers"]["retry-after"])


def test_graphql_refuses_a_message_beyond_the_ceiling(
    load: Load, people: People, flooding: tuple[Person, UUID]
) -> None:
    maya, match_id = flooding

    _, body = Graph(load("graphql"), people).call(maya, MESSAGE, match=match_id, message=said())

    assert codes_of(body) == ["message_limit"]
    assert is_the_wait(body["errors"][0]["extensions"]["retry_after"])


def test_a_connection_that_goes_on_beyond_the_ceiling_is_closed(
    function: Load, monkeypatch: pytest.MonkeyPatch, flooding: tuple[Person, UUID]
) -> None:
    maya, match_id = flooding
    posts, app = MemoryPosts(), function("realtime")
    monkeypatch.setattr(app.module, "realtime", lambda: live(redis(), posts))
    socket = Socket(app, posts, maya)
    assert socket.open() == 200

    answers = [socket.send("send", match_id=str(match_id), **message())]
    while not socket.is_closed and len(answers) < 2 * REFUSED_FRAMES.capacity:
        answers.append(socket.send("send", match_id=str(match_id), **message()))

    first = answers[0] or {}
    assert (first["type"], first["code"], first["request"]) == ("error", "message_limit", "send")
    assert is_the_wait(first["retry_after"])
    assert socket.is_closed
    assert len(answers) > REFUSED_FRAMES.capacity
