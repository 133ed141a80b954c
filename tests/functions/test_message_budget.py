"""The calls that a message over WebSocket causes."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from tests.functions.test_devices import PATH as DEVICES
from tests.support.functions import Function
from tests.support.management_api import ManagementApiServer
from tests.support.people import People
from tests.support.profiles import Profiles, match
from tests.support.realtime import MemoryPosts
from tests.support.sockets import Socket, message

Load = Callable[..., Function]


@pytest.fixture
def server() -> Iterator[ManagementApiServer]:
    with ManagementApiServer(("test", "test"), "us-east-1") as running:
        yield running


def test_a_message_calls_redis_database_and_queue_once_and_posts_once_per_connection(
    function: Load, people: People, server: ManagementApiServer, calls: list[str]
) -> None:
    maya, (leo, _) = people.new(), people.sign_in(people.new("Leo"))
    match_id = match(people, maya, leo)
    phone = {"platform": "android", "token": uuid4().hex}
    Profiles(function("devices"), people).done(leo, "PUT", f"{DEVICES}/{uuid4()}", phone)
    app = function("realtime", REALTIME_ENDPOINT=server.url)
    sending, *others = (Socket(app, MemoryPosts(), each) for each in (maya, maya, leo, leo))
    for socket in (sending, *others):
        assert socket.open() == 200
    peers = [server.connect(socket.id) for socket in others]
    sending.send("typing", match_id=str(match_id))  # the first frame looks up the partner
    calls.clear()

    sending.send("send", match_id=str(match_id), **message())

    posted = [call for call in calls if "@connections" in call]
    redis = queue = "POST /"
    assert [call for call in calls if call not in posted] == [
        *(redis, "POST /rest/v1/rpc/send_message", queue)
    ]
    assert len(posted) == len(others)
    assert [peer.frames[-1]["message"]["seq"] for peer in peers] == [1] * 3
