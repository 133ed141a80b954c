"""Functions whose WebSocket frames are recorded in memory."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.support.functions import Function
from tests.support.people import People, Person
from tests.support.profiles import match
from tests.support.realtime import MemoryPosts, live
from tests.support.sockets import Socket
from wingman.kit.clients.redis import redis

Load = Callable[..., Function]
Watched = Callable[[Function], Function]
Opens = Callable[..., Socket]


@pytest.fixture
def posts() -> MemoryPosts:
    return MemoryPosts()


@pytest.fixture
def watched(posts: MemoryPosts, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Let a function post to `posts`."""

    def watch(app: Function) -> Function:
        monkeypatch.setattr(app.module, "realtime", lambda: live(redis(), posts))
        return app

    return watch


@pytest.fixture
def connections(function: Load, watched: Watched) -> Function:
    return watched(function("realtime"))


@pytest.fixture
def opened(connections: Function, posts: MemoryPosts) -> Opens:
    """Open a connection of a user."""

    def open_one(person: Person, **more: Any) -> Socket:
        socket = Socket(connections, posts, person, **more)
        assert socket.open() == 200
        return socket

    return open_one


@pytest.fixture
def two(people: People, opened: Opens) -> tuple[Socket, Socket, UUID]:
    """Two users with a match, each with a connection."""
    maya, leo = people.pair()
    return opened(maya), opened(leo), match(people, maya, leo)
