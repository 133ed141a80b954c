"""The interface of Redis clients."""

from collections.abc import Sequence
from typing import Any, Protocol

Command = Sequence[object]


class Commands(Protocol):
    def run(self, *command: object) -> Any:
        """Return the reply. Raises RedisError for an error reply, DependencyUnavailable."""
        ...

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        """Run several commands in one round trip, not as a transaction; return their replies.

        The reply of a command that failed is its RedisError.
        Raises DependencyUnavailable when Redis is unavailable.
        """
        ...


class RedisError(Exception):
    """An error reply; `code` is its first word (`NOSCRIPT`, `ERR`)."""

    def __init__(self, reply: str) -> None:
        self.code = reply.partition(" ")[0]
        super().__init__(reply)
