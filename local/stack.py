"""Names, places and addresses of one local stack: `dev` or `test`."""

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from local.errors import StackError
from local.processes import alive, recorded

CHECKOUT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
# A developer's own app, in addition to the one that the stack serves.
OWN_APP_URL = "http://localhost:3000"

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
    "auth": 9,
    "app": 10,
}
_BASE = 8700
# `check` is for `make check-sql`; `test-1` to `test-9` belong to parallel test processes.
_AFTER_BASE = {"dev": 0, "check": 80, "test": 100} | {
    f"test-{n}": 100 + 20 * n for n in range(1, 10)
}


@dataclass(frozen=True)
class Stack:
    name: str
    base: int
    checkout: Path = CHECKOUT

    @cached_property
    def state(self) -> Path:
        return self.checkout / ".local" / self.name

    @property
    def env_file(self) -> Path:
        if self.name == "dev":
            return self.checkout / ".local" / "env"
        return self.state / "env"

    @property
    def pids_file(self) -> Path:
        return self.state / "pids.json"

    @property
    def base_file(self) -> Path:
        return self.state / "port_base"

    @property
    def port_base(self) -> int:
        return self.base - _AFTER_BASE[self.name]

    @property
    def up_command(self) -> str:
        return f"make up{self._argument}"

    @property
    def down_command(self) -> str:
        return f"make down{self._argument}"

    @property
    def _argument(self) -> str:
        return "" if self.name == "dev" else f" STACK={self.name}"

    def port(self, part: str) -> int:
        return self.base + _OFFSETS[part]

    def url(self, part: str) -> str:
        return f"http://{HOST}:{self.port(part)}"

    def log(self, part: str) -> Path:
        return self.state / "logs" / f"{part}.log"


def stack(name: str, *, wherever: bool = False, checkout: Path = CHECKOUT) -> Stack:
    """Return the stack of this name, on its current ports.

    A stopped stack uses `WINGMAN_PORT_BASE`: `dev` starts there, `test` 100 above. For a running
    stack, another base is an error, unless `wherever` is true.
    """
    if name not in _AFTER_BASE:
        raise StackError(f"there is no stack {name!r}: use one of {', '.join(_AFTER_BASE)}")
    variable = os.environ.get("WINGMAN_PORT_BASE")
    wanted = _port_base(variable or str(_BASE))
    there = Stack(name, wanted + _AFTER_BASE[name], checkout)
    running = _running_base(there)
    if running is None:
        return there
    if variable and wanted != running and not wherever:
        raise StackError(
            f"the {name} stack runs on WINGMAN_PORT_BASE={running}, not {wanted}: "
            f"unset the variable, or stop it first with `{there.down_command}`"
        )
    return replace(there, base=running + _AFTER_BASE[name])


def _port_base(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65_200:  # noqa: PLR2004 (port range)
        raise StackError(f"WINGMAN_PORT_BASE={text} is not a port between 1024 and 65200")
    return int(text)


def _running_base(stack: Stack) -> int | None:
    """Return the base of a stack if any of its processes is alive."""
    if not stack.base_file.exists():
        return None
    lives = any(alive(each) for each in recorded(stack.pids_file).values())
    return int(stack.base_file.read_text()) if lives else None
