"""Redis as the layer sees it, watched."""

from collections.abc import Sequence
from typing import Any

from wingman.kit.redis import Command, Commands


class Counted(Commands):
    """Counts the round trips to Redis: each by the names of its commands."""

    def __init__(self, inner: Commands) -> None:
        self._inner = inner
        self.names: list[str] = []

    def run(self, *command: object) -> Any:
        self.names.append(str(command[0]))
        return self._inner.run(*command)

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        self.names.append("+".join(str(command[0]) for command in commands))
        return self._inner.pipeline(commands)
