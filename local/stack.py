"""Names, places and addresses of one local stack: `dev` or `test`."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from local.errors import StackError

CHECKOUT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
# Where a developer's own app is expected.
APP_URL = "http://localhost:3000"

_OFFSETS = {
    "api": 0,
    "supabase": 1,
    "resend": 2,
    "ministack": 3,
    "postgres": 4,
    "postgrest": 5,
    "redis": 6,
    "upstash": 7,
    "anthropic": 8,
}
_BASE = 8700
_AFTER_BASE = {"dev": 0, "test": 100}


@dataclass(frozen=True)
class Stack:
    """One stack: where its state lives and on which ports its parts listen."""

    name: str
    base: int
    checkout: Path = CHECKOUT

    @cached_property
    def state(self) -> Path:
        """Return the folder of everything that this stack writes."""
        return self.checkout / ".local" / self.name

    @property
    def env_file(self) -> Path:
        """Return the file of shell variables that `up` writes."""
        if self.name == "dev":
            return self.checkout / ".local" / "env"
        return self.state / "env"

    def port(self, part: str) -> int:
        """Return the port of one listener."""
        return self.base + _OFFSETS[part]

    def url(self, part: str) -> str:
        """Return the HTTP address of one listener."""
        return f"http://{HOST}:{self.port(part)}"

    def log(self, part: str) -> Path:
        """Return the log file of one part."""
        return self.state / "logs" / f"{part}.log"


def stack(name: str) -> Stack:
    """Return the stack of this name; `WINGMAN_PORT_BASE` moves `dev`, and `test` 100 above it."""
    if name not in _AFTER_BASE:
        raise StackError(f"there is no stack {name!r}: use one of {', '.join(_AFTER_BASE)}")
    moved = os.environ.get("WINGMAN_PORT_BASE") or str(_BASE)
    if not moved.isdecimal() or not 1024 <= int(moved) <= 65_400:  # noqa: PLR2004 (port range)
        raise StackError(f"WINGMAN_PORT_BASE={moved} is no port between 1024 and 65400")
    return Stack(name, int(moved) + _AFTER_BASE[name])
