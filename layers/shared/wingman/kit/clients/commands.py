"""Redis as everything else sees it: commands in, replies out."""

from collections.abc import Sequence
from typing import Any, Protocol

Command = Sequence[object]


class Commands(Protocol):
    """Runs Redis commands."""

    def run(self, *command: object) -> Any:
        """Return Redis's reply.

        Raises RedisError for an error reply, DependencyUnavailable when Redis is away.
        """
        ...

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        """Run several commands in one round trip, each by itself; return their replies.

        A command that Redis refuses leaves its RedisError in its place.
        Raises DependencyUnavailable when Redis is away.
        """
        ...


class RedisError(Exception):
    """Redis refused a command; `code` is the first word of its reply (`NOSCRIPT`, `ERR`)."""

    def __init__(self, reply: str) -> None:
        self.code = reply.partition(" ")[0]
        super().__init__(reply)
