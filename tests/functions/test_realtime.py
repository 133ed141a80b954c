"""Connections and their frames, through the function `realtime`."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.functions.conftest import Opens
from tests.support.conversations import Conversations
from tests.support.functions import Function
from tests.support.people import People
from tests.support.profiles import match
from tests.support.realtime import MemoryPosts
from tests.support.sockets import Frame, Socket, connected, message, session_of
from wingman.conversations.limits import MESSAGES
from wingman.kit.limits.limiter import limiter

Load = Callable[..., Function]


def test_a_ticket_opens_a_connection_of_its_user(
    function: Load, connections: Function, people: People
) -> None:
    maya = people.new()
    _, body, _ = function("realtime_ticket").call("create", access_token=maya.token)

    answer = connections.invoke(connections.event("authorize", ticket=body["ticket"]))

    [statement] = answer["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "execute-api:Invoke")
    assert answer["principalId"] == str(maya.id)
    assert answer["context"]["session_id"] == str(session_of(maya.token))
    assert all(isinstance(value, str | int) for value in answer["context"].values())
    assert len(json.dumps(answer)) < 8000


def test_a_connection_is_known_from_its_beginning_to_its_end(people: People, opened: Opens) -> None:
    maya = people.new()
    phone, laptop = opened(maya), opened(maya)
    assert connected(maya) == {phone.id, laptop.id}

    phone.close()

    assert connected(maya) == {laptop.id}


def test_a_sent_message_is_acknowledged_and_reaches_all_other_connections(
    two: tuple[Socket, Socket, UUID], opened: Opens
) -> None:
    phone, other, match_id = two
    laptop = opened(phone.person)
    new = message("Grüße 🐕")

    answer = phone.send("send", match_id=str(match_id), **new)

    assert answer is not None
    sent = answer["message"]
    assert answer == {"type": "ack", "client_id": new["client_id"], "message": sent}
    assert (sent["text"], sent["seq"]) == ("Grüße 🐕", 1)
    expected = [{"type": "message", "message": sent}]
    assert (laptop.received, other.received, phone.received) == (expected, expected, [])


def test_a_known_conversation_costs_one_call_to_redis_and_one_to_the_database(
    two: tuple[Socket, Socket, UUID], calls: list[str]
) -> None:
    phone, other, match_id = two
    phone.send("send", match_id=str(match_id), **message())
    calls.clear()

    phone.send("send", match_id=str(match_id), **message())
    assert calls == ["POST /", "POST /rest/v1/rpc/send_message"]
    calls.clear()
    other.send("typing", match_id=str(match_id))
    assert calls == ["POST /"]


def test_a_repeated_message_is_acknowledged_despite_an_empty_bucket(
    two: tuple[Socket, Socket, UUID],
) -> None:
    phone, _, match_id = two
    first = message()
    sent = phone.send("send", match_id=str(match_id), **first)
    bucket = {MESSAGES.key(str(phone.person.id)): MESSAGES}

    def with_an_empty_bucket(frame: Frame) -> Frame:
        while limiter().take(bucket)[0].allowed:
            pass
        return phone.send("send", match_id=str(match_id), **frame) or {}

    refusal = with_an_empty_bucket(message())
    assert (refusal["code"], refusal["request"]) == ("rate_limited", "send")
    assert refusal["retry_after"] >= 1
    assert with_an_empty_bucket(first) == sent
    assert with_an_empty_bucket(message())["code"] == "rate_limited"


def test_a_read_mark_reaches_the_partner_and_is_not_answered(
    two: tuple[Socket, Socket, UUID],
) -> None:
    phone, other, match_id = two
    phone.send("send", match_id=str(match_id), **message())

    assert other.send("read", match_id=str(match_id), seq=7) is None

    reader = str(other.person.id)
    read = {"type": "read", "match_id": str(match_id), "user_id": reader, "seq": 1}
    assert phone.received == [read]


def test_a_received_frame_is_stored_and_not_answered(
    two: tuple[Socket, Socket, UUID], people: People
) -> None:
    phone, other, match_id = two
    phone.send("send", match_id=str(match_id), **message())

    assert other.send("received", match_id=str(match_id), seq=1) is None

    statement = "select private.has_received(%s, %s, 1)"
    [seen] = people.connection.execute(statement, (other.person.id, match_id)).fetchone() or [None]
    assert seen is True
    assert phone.received == []


def test_typing_reaches_only_the_partner_even_before_the_first_message(
    two: tuple[Socket, Socket, UUID], opened: Opens
) -> None:
    phone, other, match_id = two
    laptop = opened(phone.person)

    assert phone.send("typing", match_id=str(match_id)) is None

    writer = str(phone.person.id)
    assert other.received == [{"type": "typing", "match_id": str(match_id), "user_id": writer}]
    assert (phone.received, laptop.received) == ([], [])


def test_sync_returns_pages_until_nothing_is_missing(
    two: tuple[Socket, Socket, UUID],
) -> None:
    phone, other, match_id = two
    sent = [phone.send("send", match_id=str(match_id), **message("🐕" * 4000)) for _ in range(5)]
    found: list[Any] = []
    pages = 0
    while True:
        page = other.send("sync", match_id=str(match_id), after_seq=len(found)) or {}
        assert page["type"] == "messages", page
        assert len(json.dumps(page, ensure_ascii=False).encode()) <= 32_768
        found += page["messages"]
        pages += 1
        if not page["has_more"]:
            break

    assert found == [(each or {})["message"] for each in sent]
    assert (pages, page["first_seq"]) == (5, 1)


def test_a_pong_has_the_head_of_the_list(
    two: tuple[Socket, Socket, UUID], function: Load, people: People
) -> None:
    phone, _, match_id = two
    before = phone.send("ping")
    phone.send("send", match_id=str(match_id), **message())

    after = phone.send("ping")

    talks = Conversations(function("conversations"), people)
    assert after == {"type": "pong", "head": talks.listed(phone.person)["head"]}
    assert after != before


def test_errors_name_the_frame_that_they_answer(
    two: tuple[Socket, Socket, UUID],
) -> None:
    phone, _, _ = two
    unknown, new = uuid4(), message()

    answer = phone.send("send", match_id=str(unknown), **new) or {}

    assert answer.pop("detail")
    assert answer == {
        "type": "error",
        "code": "not_found",
        "request": "send",
        "client_id": new["client_id"],
        "match_id": str(unknown),
        "request_id": "event-realtime-ping",
    }
    assert not phone.is_closed


def test_messages_are_stored_and_acknowledged_without_redis(
    function: Load, posts: MemoryPosts, people: People
) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    away = Socket(function("realtime", UPSTASH_REDIS_REST_URL="http://127.0.0.1:9"), posts, maya)
    assert away.open() == 503

    answer = away.send("send", match_id=str(match_id), **message()) or {}

    assert (answer["type"], answer["message"]["seq"]) == ("ack", 1)
    away.close()


def test_an_unforeseen_error_is_answered_and_closes_nothing(
    two: tuple[Socket, Socket, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, _, _ = two

    def broken(_: object) -> str:
        raise LookupError("of ours")

    monkeypatch.setattr("wingman.conversations.frames.service.head", broken)

    answer = phone.send("ping") or {}

    assert (answer["code"], answer["request"]) == ("internal_error", "ping")
    assert "of ours" not in json.dumps(answer)
    assert not phone.is_closed
