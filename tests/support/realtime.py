"""Connections of users in Redis, and frames posted to them, without API Gateway."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from wingman.kit.clients.commands import Commands
from wingman.kit.limits.limiter import Limiter
from wingman.realtime import registry
from wingman.realtime.outcomes import Outcome
from wingman.realtime.posting import Posts
from wingman.realtime.registry import Connection
from wingman.realtime.service import Realtime


class MemoryPosts(Posts):
    """Records posted frames."""

    def __init__(self, outcome: Outcome = Outcome.DONE) -> None:
        self.outcome = outcome
        self.posted: list[tuple[str, Any]] = []
        self.closed: list[str] = []
        self.on_post: Callable[[], object] = lambda: None

    def post(self, connection_id: str, frame: bytes) -> Outcome:
        self.on_post()
        self.posted.append((connection_id, json.loads(frame)))
        return self.outcome

    def close(self, connection_id: str) -> Outcome:
        self.closed.append(connection_id)
        return self.outcome

    def to(self, connection: Connection) -> list[Any]:
        """Return the frames that were posted to a connection, in order."""
        return [frame for posted_to, frame in self.posted if posted_to == connection.id]


def live(commands: Commands, posts: Posts | None = None) -> Realtime:
    found = posts or MemoryPosts()
    return Realtime(commands, lambda: found)


def connect(commands: Commands, user_id: UUID, session_id: UUID | None = None) -> Connection:
    """Record a connection of a user as `$connect` does."""
    now = datetime.now(UTC)
    new = Connection(uuid4().hex, user_id, session_id or uuid4(), now)
    Limiter(commands).ask({}, steps=[registry.adding(new, now + timedelta(hours=1))])
    return new
