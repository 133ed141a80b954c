"""Lua scripts that lie beside the module that runs them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from wingman.kit.clients.commands import Commands, RedisError


@dataclass(frozen=True)
class Script:
    """Lua that Redis runs as one atomic step."""

    source: str

    @cached_property
    def digest(self) -> str:
        """The name under which Redis caches it."""
        return hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    def run(self, commands: Commands, keys: Sequence[str], arguments: Sequence[object]) -> Any:
        """Return the reply; the text is sent only to a Redis that does not have it.

        Raises RedisError and DependencyUnavailable as Commands.run does.
        """
        operands = [len(keys), *keys, *arguments]
        try:
            return commands.run("EVALSHA", self.digest, *operands)
        except RedisError as error:
            if error.code != "NOSCRIPT":
                raise
            return commands.run("EVAL", self.source, *operands)


@cache
def read_lua(beside: str, name: str) -> str:
    """Read the `.lua` file that lies beside a module (its `__file__`)."""
    return Path(beside).with_name(f"{name}.lua").read_text(encoding="utf-8")
