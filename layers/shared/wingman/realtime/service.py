"""Posts frames to the connections of users, best effort.

A client that misses a frame sees a gap, or another head, and syncs. So nothing here raises, and a
step does not wait for a slow client.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING
from uuid import UUID

from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.redis import redis
from wingman.kit.clock import within
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.invocation import report
from wingman.kit.observability import count, logger
from wingman.realtime import frames, registry
from wingman.realtime.frames import Frame
from wingman.realtime.models import EndedMatch
from wingman.realtime.outcomes import Outcome
from wingman.realtime.registry import Connection

if TYPE_CHECKING:
    from wingman.realtime.posting import Posts  # imports botocore, which callers may not need

LARGEST_FRAME = 32_768
"""Bytes; https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
AT_ONCE = 8
SECONDS = 1.5
"""For all calls of a delivery."""

_Call = Callable[["Posts"], Outcome]


@dataclass(frozen=True)
class Realtime:
    """The registry of connections, and the calls to them."""

    commands: Commands
    posts: Callable[[], "Posts"]


@dataclass(frozen=True)
class Via:
    """The connection that sent a frame, and those of both users of its match, if known."""

    connection_id: str
    audience: Sequence[Connection] | None = None


def deliver(
    realtime: Realtime,
    frame: Frame,
    *,
    to: Collection[UUID] | Collection[Connection],
    except_connection: str | None = None,
) -> None:
    """Post a frame to connections, or to all connections of users."""
    chosen = [one for one in _connections(realtime, to) if one.id != except_connection]
    _post(realtime, [(one, frame) for one in chosen])


def deliver_each(realtime: Realtime, frame_of: Mapping[UUID, Frame]) -> None:
    """Post to each user a frame of their own."""
    found = _connections(realtime, frame_of.keys())
    _post(realtime, [(one, frame_of[one.user_id]) for one in found])


def audience(
    realtime: Realtime, via: Via | None, match_id: UUID, members: tuple[UUID, UUID]
) -> Sequence[Connection]:
    """Return the connections of both users of an active match, and remember who they are."""
    if via is not None and via.audience is not None:
        return via.audience
    return _found(lambda: registry.learn(realtime.commands, match_id, members))


def end(
    realtime: Realtime, connections: Collection[Connection], reason: Frame | None = None
) -> None:
    """Close connections, after a frame that says why: by default, that their session has ended."""
    frame = reason or frames.session_ended()
    body, kind = _encoded(frame), frame.get("code", frame["type"])
    _run(realtime, [(one, partial(_close, one, body)) for one in connections], kind)


def end_sessions(realtime: Realtime, session_ids: Collection[UUID]) -> None:
    """End the connections of Auth sessions."""
    end(realtime, _found(lambda: registry.end_sessions(realtime.commands, session_ids)))


def end_users(realtime: Realtime, user_ids: Collection[UUID]) -> None:
    """End all connections of users who deleted their accounts."""
    end(realtime, _found(lambda: registry.end_users(realtime.commands, user_ids)))


def end_match(realtime: Realtime, ended: EndedMatch | None) -> None:
    """Stop frames about a match, and post its end to both users."""
    if ended is None:
        return
    _found(lambda: registry.forget_match(realtime.commands, ended.match_id))
    deliver(realtime, frames.match_ended(ended.match_id), to=ended.user_ids)


def _connections(
    realtime: Realtime, to: Collection[UUID] | Collection[Connection]
) -> Sequence[Connection]:
    known = [one for one in to if isinstance(one, Connection)]
    users = [one for one in to if isinstance(one, UUID)]
    if not users:
        return known
    return [*known, *_found(lambda: registry.connections_of(realtime.commands, users))]


def _found(call: Callable[[], Sequence[Connection] | None]) -> Sequence[Connection]:
    """Call the registry; without Redis, no connection is found."""
    try:
        return call() or ()
    except (DependencyUnavailable, RedisError) as error:
        logger().warning("realtime.registry_away", exc_info=error)
        return ()


def _post(realtime: Realtime, addressed: Sequence[tuple[Connection, Frame]]) -> None:
    calls = list[tuple[Connection, _Call]]()
    for connection, frame in addressed:
        body = _encoded(frame)
        if len(body) > LARGEST_FRAME:
            logger().error("realtime.frame_too_large", extra={"frame": frame["type"]})
        else:
            calls.append((connection, partial(_posted, connection, body)))
    _run(realtime, calls, addressed[0][1]["type"] if addressed else "")


def _posted(connection: Connection, body: bytes, posts: "Posts") -> Outcome:
    return posts.post(connection.id, body)


def _encoded(frame: Frame) -> bytes:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()


def _close(connection: Connection, reason: bytes, posts: "Posts") -> Outcome:
    posts.post(connection.id, reason)
    return posts.close(connection.id)


def _run(realtime: Realtime, calls: Sequence[tuple[Connection, _Call]], kind: str) -> None:
    if not calls:
        return
    posts = realtime.posts()
    with within(SECONDS):
        running = [_pool().submit(copy_context().run, call, posts) for _, call in calls]
        wait(running, timeout=SECONDS)
    outcomes = [_outcome(one) for one in running]
    gone = [
        connection
        for (connection, _), outcome in zip(calls, outcomes, strict=True)
        if outcome is Outcome.GONE
    ]
    _found(lambda: registry.forget_if_old(realtime.commands, gone))
    _report(outcomes, kind)


def _outcome(running: Future[Outcome]) -> Outcome:
    if not running.done():
        running.cancel()
        return Outcome.FAILED
    if error := running.exception():
        # A mistake of ours must not fail the step, which would be repeated and fail again.
        logger().error("realtime.crashed", exc_info=error)
        report(error)
        return Outcome.FAILED
    return running.result()


def _report(outcomes: Sequence[Outcome], kind: str) -> None:
    for outcome in outcomes:
        count("FramePosted", outcome=outcome)
    if set(outcomes) - {Outcome.DONE}:
        logger().info("realtime.not_delivered", extra={"frame": kind, **Counter(outcomes)})


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE)


@cache
def realtime() -> Realtime:
    return Realtime(redis(), _posts)


def _posts() -> "Posts":
    from wingman.realtime.posting import posts  # noqa: PLC0415 - as above

    return posts()
