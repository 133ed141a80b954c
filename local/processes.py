"""Detached processes: started in a group of their own, recognised, stopped without remains."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Recorded:
    """A process as it was when we started it: the start time tells it from a reused pid."""

    pid: int
    started: str


def _ps(*options: str) -> list[str]:
    answer = subprocess.run(["ps", *options], capture_output=True, text=True, check=False)
    return [line.strip() for line in answer.stdout.splitlines() if line.strip()]


def identity(pid: int) -> str | None:
    """Return what tells this process from a later one of the same pid; None when it is gone."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            state, *rest = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if state in "ZX" else rest[18]
    lines = _ps("-o", "state=,lstart=", "-p", str(pid))
    return None if not lines or lines[0].startswith("Z") else lines[0].split(maxsplit=1)[1]


def alive(process: Recorded) -> bool:
    """Tell whether this very process still runs."""
    return identity(process.pid) == process.started


def group(process: Recorded) -> list[int]:
    """Return the living pids of the group that the process leads, itself included.

    A group keeps its number as long as one member lives; only when its leader is a
    process that we did not start has the number passed on to somebody else.
    """
    leader = identity(process.pid)
    if leader is not None and leader != process.started:
        return []
    members = []
    for line in _ps("-A", "-o", "pid=,pgid=,state="):
        pid, pgid, state = line.split()[:3]
        if int(pgid) == process.pid and not state.startswith("Z"):
            members.append(int(pid))
    return members


def start(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    log: Path,
    cwd: Path,
    user: str | None = None,
) -> Recorded:
    """Start a process that outlives us, its output appended to the log."""
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
    """Collect the children that ended, so that they don't stay as zombies of `dev`."""
    for child in _CHILDREN:
        child.poll()


def stop(
    process: Recorded, *, polite: signal.Signals = signal.SIGTERM, patience: float = 10
) -> None:
    """Ask the process to end, wait, then end what is left of its group."""
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
    """Wait for the condition, at most `patience` seconds; tell whether it came true."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        reap()
        time.sleep(pause)
    return True
