"""Connected users: an entry in Redis for each connection (docs/decisions/043-realtime.md).

An entry lasts LIFETIME after the last frame of its client, longer than API Gateway keeps a silent
connection, and never longer than the access token with which it was opened.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from wingman.kit.clients.commands import Commands
from wingman.kit.clients.lua import Script, read_lua
from wingman.kit.limits.limiter import Step

# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html: idle for 10 minutes.
LIFETIME = timedelta(minutes=11)
CONNECTIONS_PER_USER = 20
# During `$connect`, API Gateway answers 410 for a connection that is about to open.
YOUNG = timedelta(seconds=30)
# The end of a match removes its members at once. If Redis missed it, they expire after this time,
# which is longer than any step that may learn them late.
MEMBERS_KNOWN = timedelta(minutes=5)
_NO_MATCH = UUID(int=0)
_ENDED = "ended"  # as in registry.lua


@dataclass(frozen=True)
class Connection:
    """An open connection of a user; `id` is API Gateway's."""

    id: str
    user_id: UUID
    auth_session_id: UUID
    connected_at: datetime


@dataclass(frozen=True)
class Received:
    """The connections that may hear of a frame.

    `known`: the sender is one of the match's members, and `open` has the connections of both; else
    only those of the sender. `removed`: the connection of the frame is about to close.
    """

    open: Sequence[Connection]
    known: bool
    removed: bool


def connections_key(user_id: UUID) -> str:
    return f"connections:user:{user_id}"


def members_key(match_id: UUID) -> str:
    return f"match:{match_id}:members"


def adding(connection: Connection, ends_at: datetime) -> Step:
    """Add a connection in the limiter's call; `added` reads the answer."""
    arguments = [_ms(ends_at), _milliseconds(LIFETIME), CONNECTIONS_PER_USER]
    keys = [connections_key(connection.user_id)]
    return Step(_lua("connect"), keys, [*_names(connection), *arguments])


def added(after: Sequence[Any]) -> list[Connection]:
    """Return the connections that the new one has pushed out."""
    return _connections(after[0])


def receiving(connection: Connection, ends_at: datetime, match_id: UUID | None = None) -> Step:
    """Renew a connection in the limiter's call; `received` reads the answer."""
    keys = [connections_key(connection.user_id), members_key(match_id or _NO_MATCH)]
    arguments = [_ms(connection.connected_at), _ms(ends_at), _milliseconds(LIFETIME)]
    return Step(_lua("receive"), keys, [*_names(connection), *arguments])


def received(after: Sequence[Any]) -> Received:
    renewed, is_member, found = after
    return Received(_connections(found), known=bool(is_member), removed=not renewed)


def connections_of(commands: Commands, user_ids: Iterable[UUID]) -> list[Connection]:
    """Return the open connections of users. This and all below raise as Commands.run does."""
    return _run(commands, "open", *user_ids)


def learn(commands: Commands, match_id: UUID, members: tuple[UUID, UUID]) -> list[Connection]:
    """Remember the members of an active match, and return their open connections."""
    return _run(commands, "learn", match_id, _milliseconds(MEMBERS_KNOWN), *members)


def forget_match(commands: Commands, match_id: UUID) -> None:
    """Make frames about an ended match ask the database, even if `learn` is called after this."""
    commands.run("SET", members_key(match_id), _ENDED, "PX", _milliseconds(MEMBERS_KNOWN))


def remove(commands: Commands, user_id: UUID, connection_id: str) -> None:
    """Remove a connection that has closed; the user's others stay."""
    _run(commands, "remove", user_id, connection_id)


def forget_if_old(commands: Commands, connections: Collection[Connection]) -> None:
    """Remove connections that API Gateway does not know, except those that may be about to open."""
    if connections:
        named = [part for each in connections for part in (each.user_id, each.id)]
        _run(commands, "forget", _milliseconds(YOUNG), *named)


def end_sessions(commands: Commands, session_ids: Collection[UUID]) -> list[Connection]:
    """Remove the connections of Auth sessions and return them, so that they can be closed."""
    return _run(commands, "end", *session_ids) if session_ids else []


def end_users(commands: Commands, user_ids: Collection[UUID]) -> list[Connection]:
    """Remove all connections of users who left, and return them in the same way."""
    return _run(commands, "depart", *user_ids) if user_ids else []


def _run(commands: Commands, *arguments: object) -> list[Connection]:
    return _connections(_script().run(commands, [], [str(each) for each in arguments]))


def _connections(flat: Sequence[str]) -> list[Connection]:
    return [
        Connection(id_, UUID(user), UUID(session), datetime.fromtimestamp(int(ms) / 1000, UTC))
        for id_, user, session, ms in zip(*(flat[i::4] for i in range(4)), strict=True)
    ]


def _names(connection: Connection) -> list[str]:
    return [connection.id, str(connection.user_id), str(connection.auth_session_id)]


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _milliseconds(time: timedelta) -> int:
    return round(time.total_seconds() * 1000)


def _lua(name: str) -> str:
    return read_lua(__file__, "entries") + read_lua(__file__, name)


@cache
def _script() -> Script:
    return Script(_lua("registry"))
