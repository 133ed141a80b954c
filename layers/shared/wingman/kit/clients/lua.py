"""Lua scripts, each stored next to the module that runs it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from wingman.kit.clients.commands import Commands, RedisError


@dataclass(frozen=True)
class Script:
    source: str

    @cached_property
    def digest(self) -> str:
        return hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    def run(self, commands: Commands, keys: Sequence[str], arguments: Sequence[object]) -> Any:
        """Send the source only if Redis has not cached it. Raises as Commands.run does."""
        operands = [len(keys), *keys, *arguments]
        try:
            return commands.run("EVALSHA", self.digest, *operands)
        except RedisError as error:
            if error.code != "NOSCRIPT":
                raise
            return commands.run("EVAL", self.source, *operands)


@cache
def read_lua(beside: str, name: str) -> str:
    return Path(beside).with_name(f"{name}.lua").read_text(encoding="utf-8")
