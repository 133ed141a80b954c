"""Deliveries reach the right connections, in parallel, without errors for the step."""

import json
import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.realtime import MemoryPosts
from wingman.kit.clients.commands import Command, Commands
from wingman.kit.clock import time_left
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import metrics
from wingman.realtime import frames, service
from wingman.realtime.errors import ConnectionClosed
from wingman.realtime.frames import Frame
from wingman.realtime.models import EndedMatch
from wingman.realtime.outcomes import Outcome
from wingman.realtime.posting import Posts
from wingman.realtime.registry import Connection
from wingman.realtime.service import AT_ONCE, LARGEST_FRAME, Realtime, deliver

PING = frames.pong("größe 🐶")


class NoRedis(Commands):
    """A Redis that does not answer, and records the commands."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def run(self, *command: object) -> Any:
        self.asked.append(command)
        raise DependencyUnavailable("redis")

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        raise DependencyUnavailable("redis")


def connection(name: str, user_id: UUID | None = None) -> Connection:
    return Connection(name, user_id or uuid4(), uuid4(), datetime.now(UTC))


@pytest.fixture
def posts() -> MemoryPosts:
    return MemoryPosts()


@pytest.fixture
def redis() -> NoRedis:
    return NoRedis()


@pytest.fixture
def realtime(posts: MemoryPosts, redis: NoRedis) -> Realtime:
    return Realtime(redis, lambda: posts)


def test_every_connection_but_one_receives_a_frame(realtime: Realtime, posts: MemoryPosts) -> None:
    deliver(realtime, PING, to=[connection(name) for name in "abc"], except_connection="b")
    assert sorted(posts.posted, key=str) == [("a", PING), ("c", PING)]


def test_nothing_is_loaded_for_a_user_without_connections(redis: NoRedis) -> None:
    def unused() -> Posts:
        raise AssertionError

    deliver(Realtime(redis, unused), PING, to=[])
    assert not redis.asked


def test_a_registry_that_is_down_fails_no_step(
    realtime: Realtime, posts: MemoryPosts, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        deliver(realtime, PING, to=[uuid4()])
        service.deliver_each(realtime, {uuid4(): PING})
        service.end_sessions(realtime, [uuid4()])
        service.end_match(realtime, EndedMatch(match_id=uuid4(), user_ids=(uuid4(), uuid4())))
    assert posts.posted == []


def test_a_frame_that_is_too_large_is_never_posted(realtime: Realtime, posts: MemoryPosts) -> None:
    length = LARGEST_FRAME - len('{"type":"pong","head":""}')
    deliver(realtime, frames.pong("x" * length), to=[connection("a")])
    assert len(posts.posted) == 1
    deliver(realtime, frames.pong("x" * (length - 1) + "ß"), to=[connection("a")])
    assert len(posts.posted) == 1


def test_connections_are_posted_to_in_parallel_up_to_a_limit(
    realtime: Realtime, posts: MemoryPosts
) -> None:
    # Each call waits until AT_ONCE calls run, so calls one after the other would time out.
    together = threading.Barrier(AT_ONCE)
    posts.on_post = lambda: together.wait(5)
    deliver(realtime, PING, to=[connection(str(i)) for i in range(2 * AT_ONCE)])
    assert len(posts.posted) == 2 * AT_ONCE


def test_a_slow_client_does_not_hold_up_the_others_or_the_step(
    realtime: Realtime, posts: MemoryPosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SECONDS", 0.2)
    release, first = threading.Event(), threading.Lock()

    def wait_once() -> None:
        if first.acquire(blocking=False):
            release.wait(30)

    posts.on_post = wait_once
    deliver(realtime, PING, to=[connection(str(i)) for i in range(3)])
    assert len(posts.posted) == 2
    release.set()


def test_a_call_knows_the_time_that_is_left(realtime: Realtime, posts: MemoryPosts) -> None:
    left = list[float]()
    posts.on_post = lambda: left.append(time_left())
    deliver(realtime, PING, to=[connection("a")])
    assert left[0] <= service.SECONDS


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.GONE])
def test_only_a_connection_that_is_gone_is_forgotten(
    realtime: Realtime, posts: MemoryPosts, redis: NoRedis, outcome: Outcome
) -> None:
    posts.outcome = outcome
    deliver(realtime, PING, to=[connection("a")])
    assert not redis.asked
    posts.outcome = Outcome.GONE
    deliver(realtime, PING, to=[connection("a")])
    assert "forget" in redis.asked[0]


def test_each_outcome_is_counted(
    fresh_container: None,
    realtime: Realtime,
    posts: MemoryPosts,
    capsys: pytest.CaptureFixture[str],
) -> None:
    posts.outcome = Outcome.THROTTLED
    deliver(realtime, PING, to=[connection("a")])
    metrics().flush()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert any(one.get("FramePosted") == 1 and one["outcome"] == "throttled" for one in lines)


@pytest.mark.parametrize(
    ("reason", "logged"),
    [
        (None, "session_ended"),
        (frames.error(ConnectionClosed(), {}, "a-request"), "connection_closed"),
    ],
)
def test_a_failed_close_is_logged_with_its_reason(
    realtime: Realtime,
    posts: MemoryPosts,
    caplog: pytest.LogCaptureFixture,
    reason: Frame | None,
    logged: str,
) -> None:
    posts.outcome = Outcome.THROTTLED
    with caplog.at_level(logging.INFO):
        service.end(realtime, [connection("a")], reason)
    assert [vars(record)["frame"] for record in caplog.records] == [logged]


def test_a_crash_of_one_call_fails_neither_the_step_nor_the_others(
    realtime: Realtime,
    posts: MemoryPosts,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, reported = threading.Lock(), list[BaseException]()
    monkeypatch.setattr(service, "report", reported.append)

    def crash_once() -> None:
        if first.acquire(blocking=False):
            raise RuntimeError

    posts.on_post = crash_once
    with caplog.at_level(logging.ERROR):
        deliver(realtime, PING, to=[connection(str(i)) for i in range(3)])
    assert len(posts.posted) == 2
    assert [record.message for record in caplog.records] == ["realtime.crashed"]
    assert [type(error) for error in reported] == [RuntimeError]
