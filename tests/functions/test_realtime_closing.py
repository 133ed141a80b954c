"""Connections that the function `realtime` closes, each with a reason."""

import time
from uuid import UUID

from tests.functions.conftest import Opens
from tests.support.functions import Function
from tests.support.people import People
from tests.support.realtime import MemoryPosts
from tests.support.sockets import Socket, connected, message, session_of
from wingman.kit.clients.redis import redis
from wingman.kit.presence.ended import end_tokens
from wingman.realtime import registry
from wingman.realtime.registry import CONNECTIONS_PER_USER


def test_a_frame_after_the_end_of_the_session_closes_its_connection(
    two: tuple[Socket, Socket, UUID],
) -> None:
    phone, other, match_id = two
    end_tokens(redis(), [session_of(phone.person.token)])

    assert phone.send("send", match_id=str(match_id), **message()) is None

    assert (phone.received, phone.is_closed) == ([{"type": "session_ended"}], True)
    assert connected(phone.person) == set()
    assert (other.received, other.is_closed) == ([], False)


def test_a_frame_after_the_end_of_the_token_closes_its_connection(
    people: People, opened: Opens
) -> None:
    maya = people.new()
    phone = opened(maya, ends_at=int(time.time()) + 3600)
    phone.ends_at = int(time.time()) - 1

    assert phone.send("ping") is None

    assert [frame["code"] for frame in phone.received] == ["token_expired"]
    assert phone.is_closed


def test_a_frame_of_a_removed_connection_closes_it(people: People, opened: Opens) -> None:
    maya = people.new()
    phone, laptop = opened(maya), opened(maya)
    registry.remove(redis(), maya.id, phone.id)

    assert phone.send("ping") is None

    assert [frame["code"] for frame in phone.received] == ["connection_closed"]
    assert phone.is_closed
    assert connected(maya) == {laptop.id}


def test_the_oldest_connection_beyond_the_limit_is_closed_with_a_reason(
    people: People, opened: Opens
) -> None:
    maya = people.new()
    first, *others = [opened(maya) for _ in range(CONNECTIONS_PER_USER)]

    new = opened(maya)

    assert first.is_closed
    assert [frame["code"] for frame in first.received] == ["connection_closed"]
    assert connected(maya) == {each.id for each in (*others, new)}


def test_a_session_that_ended_after_its_ticket_opens_no_connection(
    connections: Function, posts: MemoryPosts, people: People
) -> None:
    maya = people.new()
    end_tokens(redis(), [session_of(maya.token)])

    assert Socket(connections, posts, maya).open() == 403

    assert connected(maya) == set()
