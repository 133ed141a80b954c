"""The end of a session: its tokens are refused before they expire."""

from collections.abc import Iterable
from uuid import UUID

from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.presence.departures import LONGEST_TOKEN
from wingman.kit.presence.touching import ended_key


def end_tokens(commands: Commands, session_ids: Iterable[UUID]) -> None:
    """Refuse the tokens of each session. Raises DependencyUnavailable, RedisError."""
    seconds = round(LONGEST_TOKEN.total_seconds())
    marks = [["SET", ended_key(one), 1, "EX", seconds] for one in session_ids]
    for reply in commands.pipeline(marks) if marks else ():
        if isinstance(reply, RedisError):
            raise reply
