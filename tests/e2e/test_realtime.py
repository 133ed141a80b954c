"""Connections over real sockets to the deployed stack."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.support.api import Api
from tests.support.people import People, Person
from tests.support.profiles import match
from tests.support.sockets import message

Frame = dict[str, Any]


class Client:
    """One connection of a user, opened with a ticket."""

    def __init__(self, api: Api, person: Person, opened: ExitStack) -> None:
        answer = api.call("POST", "/api/realtime/tickets", person)
        assert answer.status_code == 201, answer.text
        self.url = f"{answer.json()['url']}?ticket={answer.json()['ticket']}"
        self._socket = opened.enter_context(connect(self.url, max_size=None))

    def send(self, kind: str, **fields: Any) -> None:
        self.say(json.dumps({"type": kind} | fields, ensure_ascii=False))

    def say(self, text: str | bytes) -> None:
        self._socket.send(text)

    def next(self, kind: str) -> Frame:
        frame: Frame = json.loads(self._socket.recv(timeout=20))
        assert frame["type"] == kind, frame
        return frame

    def is_closed(self) -> bool:
        try:
            self._socket.recv(timeout=20)
        except ConnectionClosed:
            return True
        return False


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def two(api: Api, people: People, opened: ExitStack) -> tuple[Client, Client, UUID]:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    return Client(api, maya, opened), Client(api, leo, opened), match_id


def test_two_users_talk(two: tuple[Client, Client, UUID]) -> None:
    maya, leo, match_id = two
    maya.send("ping")
    maya.next("pong")

    leo.send("typing", match_id=str(match_id))
    maya.next("typing")
    leo.send("send", match_id=str(match_id), **message("Grüße 🐕"))
    sent = leo.next("ack")["message"]
    assert maya.next("message")["message"] == sent
    maya.send("read", match_id=str(match_id), seq=1)
    assert leo.next("read")["seq"] == 1
    maya.send("sync", match_id=str(match_id), after_seq=0)
    assert maya.next("messages")["messages"] == [sent]


def test_a_used_ticket_opens_no_second_connection(two: tuple[Client, Client, UUID]) -> None:
    maya, _, _ = two
    for url, status in ((maya.url, 403), (maya.url.partition("?")[0], 401)):
        with pytest.raises(InvalidStatus) as refused, connect(url):
            pass
        assert refused.value.response.status_code == status


def test_odd_frames_of_any_size_close_nothing(two: tuple[Client, Client, UUID]) -> None:
    maya, _, _ = two
    for frame in ("{", "[" * 30_000, b"\xff\x00\xfe", "x" * 1_000_000, "é" * 20_000, "null"):
        maya.say(frame)
        maya.next("error")
    maya.send("ping")
    maya.next("pong")


def test_a_message_over_rest_arrives_at_once(api: Api, people: People, opened: ExitStack) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    phone = Client(api, leo, opened)
    path = f"/api/conversations/{match_id}/messages"

    sent = api.call("POST", path, maya, json=message()).json()

    assert phone.next("message")["message"] == sent


def test_connections_end_with_their_session_within_seconds(
    api: Api, people: People, opened: ExitStack
) -> None:
    maya = people.new()
    (on_phone, _), (on_laptop, _) = people.sign_in(maya), people.sign_in(maya)
    phone, laptop = Client(api, on_phone, opened), Client(api, on_laptop, opened)

    began = time.monotonic()
    assert api.call("POST", "/auth/logout", on_phone, json={"scope": "local"}).status_code == 204

    phone.next("session_ended")
    assert phone.is_closed()
    assert time.monotonic() - began < 20
    laptop.send("ping")
    laptop.next("pong")


def test_a_block_ends_the_conversation_on_both_sides(
    api: Api, people: People, opened: ExitStack
) -> None:
    ada, leo = people.pair()
    match_id = match(people, ada, leo)
    hers, his = Client(api, ada, opened), Client(api, leo, opened)
    hers.send("send", match_id=str(match_id), **message())
    hers.next("ack")
    his.next("message")

    assert api.call("PUT", f"/api/blocks/{leo.id}", ada).status_code == 204

    assert hers.next("match_ended")["match_id"] == str(match_id)
    assert his.next("match_ended")["match_id"] == str(match_id)
    his.send("typing", match_id=str(match_id))
    assert his.next("error")["code"] == "not_found"
