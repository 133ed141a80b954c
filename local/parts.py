"""The parts of a stack: how each is started, and how its health is checked."""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local import clock
from local.stack import HOST

# Each part with the names of its ports, in display order.
LISTENERS = {
    "postgres": ("postgres",),
    "postgrest": ("postgrest",),
    "redis": ("redis",),
    "edge": ("api", "app", "supabase", "upstash"),
    "resend": ("resend",),
    "anthropic": ("anthropic",),
    "auth": ("auth",),
    "ministack": ("ministack",),
}
NAMES = tuple(LISTENERS)


@dataclass(frozen=True)
class Part:
    name: str
    ports: tuple[int, ...]
    command: Sequence[str | Path]
    env: Mapping[str, str]
    healthy: Callable[[], bool]
    cwd: Path
    user: str | None = None
    attempts: int = 1


def clean_env(**variables: str) -> dict[str, str]:
    """Return a minimal environment, without the credentials of the person who runs the stack."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "USER", "SSL_CERT_FILE", *clock.VARIABLES)
    return {name: os.environ[name] for name in kept if name in os.environ} | variables


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0
