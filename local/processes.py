"""Detached processes: started in their own group, recognised, and stopped with all children."""

import contextlib
import json
import os
import signal
import subprocess
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_SHOWN = 60  # characters of a command line


@dataclass(frozen=True)
class Recorded:
    """A process that we started; the start time distinguishes it from a reused pid."""

    pid: int
    started: str


def recorded(path: Path) -> dict[str, Recorded]:
    if not path.exists():
        return {}
    return {name: Recorded(**kept) for name, kept in json.loads(path.read_text()).items()}


def identity(pid: int) -> str | None:
    """Return a process's start time, which no reused pid shares; None if it is gone."""
    if Path("/proc/self/stat").exists():
        # Ticks since boot. psutil's time of day moves when the clock is set.
        try:
            state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if state in "ZX" else rest[18]
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else repr(process.create_time())
    except psutil.NoSuchProcess:
        return None


def alive(process: Recorded) -> bool:
    return identity(process.pid) == process.started


def group(process: Recorded) -> list[int]:
    """Return the live pids of the process's group, including itself.

    A group keeps its number while any member lives. The number belongs to another program only if
    its leader is a process that we did not start.
    """
    leader = identity(process.pid)
    if leader is not None and leader != process.started:
        return []
    return [each.pid for each in psutil.process_iter() if _belongs(each, process.pid)]


def _belongs(process: psutil.Process, leader: int) -> bool:
    try:
        return os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.NoSuchProcess):
        return False


def listener(port: int) -> str | None:
    """Describe the program that listens on a port; None if the system does not reveal it."""
    with contextlib.suppress(psutil.Error):
        for one in psutil.net_connections("tcp"):
            listens = one.status == psutil.CONN_LISTEN and one.pid
            if listens and one.laddr and one.laddr.port == port:
                program, *words = psutil.Process(one.pid).cmdline()
                command = textwrap.shorten(" ".join([Path(program).name, *words]), _SHOWN)
                return f"`{command}` (pid {one.pid})"
    return None


def start(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    log: Path,
    cwd: Path,
    user: str | None = None,
) -> Recorded:
    """Start a process that outlives us; append its output to the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            [str(word) for word in command],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )
    _CHILDREN.append(child)
    return Recorded(child.pid, identity(child.pid) or "")


_CHILDREN: list[subprocess.Popen[bytes]] = []


def reap() -> None:
    """Collect ended children, so that `dev` has no zombies."""
    for child in _CHILDREN:
        child.poll()


def stop(
    process: Recorded, *, polite: signal.Signals = signal.SIGTERM, patience: float = 10
) -> None:
    """Ask the process to end, wait, then end the rest of its group."""
    if alive(process):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, polite)
            os.kill(process.pid, signal.SIGCONT)
        wait_until(lambda: not alive(process), patience)
    for last_word in (signal.SIGTERM, signal.SIGKILL):
        if not group(process):
            break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, last_word)
        wait_until(lambda: not group(process), 3)
    reap()


def wait_until(condition: Callable[[], bool], patience: float, pause: float = 0.05) -> bool:
    """Wait for the condition, at most `patience` seconds; return whether it became true."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        reap()
        time.sleep(pause)
    return True
