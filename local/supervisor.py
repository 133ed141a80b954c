"""Starting, recognising and stopping the parts of a stack."""

import json
import signal
import threading
import time
from collections.abc import Sequence

from local import processes
from local.errors import StackError
from local.parts import LISTENERS, NAMES, Part, listening
from local.processes import Recorded
from local.progress import say, step
from local.stack import Stack

PATIENCE = 40
RESPITE = 3
RETRY_PAUSE = 0.5
# PostgreSQL's fast shutdown, which ends sessions instead of waiting for them.
POLITE = {"postgres": signal.SIGINT}
# Candidates for a new port base if ports are taken; all stacks together need _SPAN ports.
_BASES = range(9000, 65_000, 1000)
_SPAN = 200


class _DiedError(StackError):
    """A part ended before it was healthy."""


class Supervisor:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._path = stack.pids_file
        self._lock = threading.Lock()

    def records(self) -> dict[str, Recorded]:
        return processes.recorded(self._path)

    def pids(self) -> dict[str, int]:
        return {n: kept.pid for n, kept in self.records().items() if processes.alive(kept)}

    def ensure(self, part: Part) -> None:
        """Start a part that is dead; restart one that is unhealthy."""
        kept = self.records().get(part.name)
        if kept and processes.alive(kept) and processes.wait_until(part.healthy, RESPITE):
            say(f"  {part.name:<48} running")
            return
        with step(part.name):
            if kept:
                processes.stop(kept, polite=POLITE.get(part.name, signal.SIGTERM))
            self._start(part)

    def _start(self, part: Part) -> None:
        for attempts_left in reversed(range(part.attempts)):
            try:
                return self._start_once(part)
            except _DiedError:
                if not attempts_left:
                    raise
                time.sleep(RETRY_PAUSE)
        return None

    def _start_once(self, part: Part) -> None:
        for port in part.ports:
            if not _freed([port]):
                raise StackError(taken(self._stack, [port]))
        log = self._stack.log(part.name)
        begin = log.stat().st_size if log.exists() else 0
        started = processes.start(part.command, env=part.env, log=log, cwd=part.cwd, user=part.user)
        self._record(part.name, started)
        self._wait(part, started, begin)

    def _wait(self, part: Part, started: Recorded, begin: int) -> None:
        end = time.monotonic() + PATIENCE
        while not part.healthy():
            processes.reap()
            if not processes.alive(started):
                raise _DiedError(f"{part.name} died:\n{self._tail(part, begin)}")
            if time.monotonic() > end:
                tail = self._tail(part, begin)
                raise StackError(f"{part.name} is not healthy after {PATIENCE} s:\n{tail}")
            time.sleep(0.1)

    def _tail(self, part: Part, begin: int, lines: int = 15) -> str:
        log = self._stack.log(part.name)
        with log.open("rb") as file:
            file.seek(begin)
            last = file.read().decode(errors="replace").splitlines()[-lines:]
        return "\n".join([*(f"    {line}" for line in last), f"  the whole log: {log}"])

    def _record(self, name: str, started: Recorded | None) -> None:
        with self._lock:
            kept = {n: vars(r) for n, r in self.records().items() if n != name}
            if started:
                kept[name] = vars(started)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._path.with_suffix(".new")
            draft.write_text(json.dumps(kept, indent=2))
            draft.replace(self._path)

    def stop(self, part_names: tuple[str, ...] = NAMES[::-1]) -> int:
        """Stop the parts and their children; return how many parts were running."""
        stopped = 0
        for name in part_names:
            kept = self.records().get(name)
            if kept is None:
                continue
            stopped += processes.alive(kept)
            processes.stop(kept, polite=POLITE.get(name, signal.SIGTERM))
            self._record(name, None)
        return stopped


def refuse_taken_ports(stack: Stack, supervisor: Supervisor, parts: Sequence[str] = NAMES) -> None:
    """Raise StackError if another program listens on a part's port."""
    ours = {name for name, kept in supervisor.records().items() if processes.group(kept)}
    ports = [stack.port(port) for name in parts if name not in ours for port in LISTENERS[name]]
    if not _freed(ports):
        raise StackError(taken(stack, [port for port in ports if listening(port)]))


def taken(stack: Stack, ports: Sequence[int]) -> str:
    """Describe the programs that listen on the ports, and what to do."""
    lines = [
        f"port {port} is taken by {processes.listener(port) or 'another program'}" for port in ports
    ]
    command = f"WINGMAN_PORT_BASE={_free_base()} {stack.up_command}"
    return "\n  ".join([*lines, f"stop it, or move the stack: {command}"])


def _free_base() -> int:
    free = (base for base in _BASES if not any(map(listening, range(base, base + _SPAN))))
    return next(free, _BASES[0])


def require_running(stack: Stack) -> None:
    """Raise StackError unless all parts of the stack are running."""
    running = Supervisor(stack).pids()
    stopped = [name for name in NAMES if name not in running]
    if not running:
        raise StackError(f"the {stack.name} stack is not running: `{stack.up_command}`")
    if stopped:
        raise StackError(
            f"a part of the {stack.name} stack is not running ({', '.join(stopped)}): "
            f"`{stack.up_command}` starts the missing parts"
        )


def still_running(stack: Stack) -> str:
    """Return a line about the running parts, for the end of an error; "" if none runs."""
    running = ", ".join(Supervisor(stack).pids())
    commands = f"`{stack.up_command}` continues, `{stack.down_command}` stops them"
    return f"\n  still running: {running}; {commands}" if running else ""


def _freed(ports: Sequence[int]) -> bool:
    return processes.wait_until(lambda: not any(map(listening, ports)), RESPITE)
