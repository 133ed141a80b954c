"""The use of each part of a stack while a step runs: CPU, and connections of PostgREST."""

import os
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import psutil
import psycopg

_SECONDS = 0.5
_ACTIVE = """
select count(*) from pg_stat_activity where usename = 'authenticator' and state <> 'idle'
"""
FUNCTIONS, CROWD, OTHERS = "functions", "the users of the test", "other work"


@dataclass(frozen=True)
class Use:
    """Means over a step; CPU in cores."""

    cores: Mapping[str, float]
    # Connections of PostgREST's pool that are busy.
    pool: float
    processors: int = field(default_factory=lambda: os.cpu_count() or 1)

    @property
    def busy(self) -> float:
        return sum(self.cores.values())


class Watch:
    """Samples until it is closed. A process that ends between two samples loses less than one."""

    def __init__(self, parts: Mapping[str, int], crowd: int, database_url: str) -> None:
        self._leaders = {pid: name for name, pid in parts.items()} | {crowd: CROWD}
        self._emulator = parts["ministack"]
        self._database_url = database_url
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._known: dict[tuple[int, float], float] = {}
        self._pool: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._began, self._machine = time.monotonic(), self._machine_seconds()
        self._sample()
        self._spent.clear()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._sample()
        self._seconds = time.monotonic() - self._began
        self._busy = self._machine_seconds() - self._machine

    def use(self) -> Use:
        cores = {name: spent / self._seconds for name, spent in self._spent.items()}
        cores[OTHERS] = max(0.0, self._busy / self._seconds - sum(cores.values()))
        return Use(cores, statistics.fmean(self._pool or [0]))

    def _watch(self) -> None:
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            while not self._over.wait(_SECONDS):
                self._sample()
                (active,) = connection.execute(_ACTIVE).fetchone() or (0,)
                self._pool.append(active)

    def _sample(self) -> None:
        for process in psutil.process_iter():
            try:
                self._add(process)
            except (psutil.NoSuchProcess, ProcessLookupError):
                continue

    def _add(self, process: psutil.Process) -> None:
        name = self._part(process)
        if name is None:
            return
        key, times = (process.pid, process.create_time()), process.cpu_times()
        spent = times.user + times.system
        self._spent[name] += spent - self._known.get(key, 0.0)
        self._known[key] = spent

    def _part(self, process: psutil.Process) -> str | None:
        """Return the part that a process belongs to; backends of PostgreSQL leave its group."""
        group = os.getpgid(process.pid)
        leader = group if group in self._leaders else process.ppid()
        if leader not in self._leaders:
            return None
        ours = leader == self._emulator and process.pid != self._emulator
        return FUNCTIONS if ours else self._leaders[leader]

    def _machine_seconds(self) -> float:
        times = psutil.cpu_times()
        return float(times.user + times.system + times.nice + times.irq + times.softirq)
