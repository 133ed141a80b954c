"""Reads the resource use of a running stack's parts, and computes the difference of two."""

import json
import os
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import httpx
import psutil
import psycopg
from redis import Redis

from local.servers import postgrest
from local.stack import stack
from local.supervisor import Supervisor
from local.trace.story import function

_REGION = "us-east-1"
# PostgreSQL publishes a connection's statistics at the latest 10 s after it became idle.
_STATISTICS_SECONDS = 11
_QUIET_SECONDS = 3
_KEEPING_SECONDS = 5
# Upstash's REST API needs none of these; its stand-in connects again after a pause.
_CONNECTING = ("AUTH", "CLIENT", "HELLO")
_DATABASE = """
select xact_commit as transactions, blks_hit + blks_read as buffers,
    tup_inserted as rows_inserted, tup_updated as rows_updated, tup_deleted as rows_deleted
from pg_stat_database where datname = current_database()
"""
# The backends of PostgREST and Supabase Auth, without the story's own connections.
_BACKENDS = """
select pid from pg_stat_activity
where datname = current_database() and usename in ('authenticator', 'supabase_auth_admin')
"""
_ROWS = """
select format('%s.%s', schemaname, relname), n_tup_ins - n_tup_del
from pg_stat_user_tables where schemaname in ('public', 'private', 'auth')
"""

Use = Mapping[str, Any]


class Worker(NamedTuple):
    """A function's process: its start time and its CPU time."""

    function: str
    began: float
    used: float


class Meters:
    """Meters of a stack with disabled schedules, so that the story causes all work."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._pids: dict[str, int] = json.loads(values["PIDS"])
        self._http = httpx.Client(base_url=values["RESEND_API_URL"], timeout=30)
        self._database = psycopg.connect(values["DATABASE_URL"], autocommit=True)
        self._commands = _Commands(values["REDIS_URL"])
        self.requests: list[str] = []
        self.frames = 0

    @contextmanager
    def counting(self, into: dict[str, Any], times: int) -> Iterator[None]:
        """Store the mean use of one of `times` repetitions in a dictionary."""
        before = self._reading()
        yield
        self.settle()
        into.update(each(before, self._reading(), times))

    def settle(self) -> None:
        """Wait until all functions are idle and PostgreSQL has published its statistics."""
        count, since = -1, time.monotonic()
        while time.monotonic() - since < _QUIET_SECONDS:
            time.sleep(0.5)
            if (found := len(self._segments())) != count:
                count, since = found, time.monotonic()
        time.sleep(_STATISTICS_SECONDS)

    def _reading(self) -> dict[str, Any]:
        found = self._database.execute(_DATABASE.encode())
        names = [column.name for column in found.description or ()]
        database = dict(zip(names, found.fetchone() or (), strict=True))
        accepted = self._http.get("/_sandbox/emails").json()
        pushed = self._http.get("/fcm/_sandbox/pushes").json()
        return {
            "at": time.time(),
            "segments": {one["id"]: one for one in self._segments()},
            "cpu": self._cpu_of_functions(),
            "database": database,
            "database_cpu": self._cpu_of_backends(),
            "rows": dict(self._database.execute(_ROWS.encode()).fetchall()),
            "redis": self._commands.count,
            "emails": len(accepted),
            "pushes": len(pushed),
            "requests": len(self.requests),
            "frames": self.frames,
        }

    def _segments(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._http.get("/xray/segments").json()
        return found

    def _cpu_of_functions(self) -> dict[int, Worker]:
        found = {}
        for process in psutil.Process(self._pids["ministack"]).children(recursive=True):
            with suppress(psutil.Error, OSError):  # it has ended: its last work is not counted
                if name := process.environ().get("AWS_LAMBDA_FUNCTION_NAME"):
                    used = _milliseconds(process.pid)
                    found[process.pid] = Worker(_folder(name), process.create_time(), used)
        return found

    def _cpu_of_backends(self) -> dict[int, float]:
        return {pid: _milliseconds(pid) for (pid,) in self._database.execute(_BACKENDS).fetchall()}

    def close(self) -> None:
        self._commands.end()
        self._database.close()
        self._http.close()


class _Commands:
    """Counts the commands of Redis's clients, without those inside scripts."""

    def __init__(self, url: str) -> None:
        self.count = 0
        self._over = False
        self._redis = Redis.from_url(url, decode_responses=True, socket_timeout=None)
        self._monitor = self._redis.monitor()  # type: ignore[no-untyped-call] # redis-py's
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with self._monitor as monitor:
            for line in monitor.listen():
                if self._over:
                    return
                self.count += is_work(line)

    def end(self) -> None:
        self._over = True
        self._redis.ping()  # wakes the listener
        self._thread.join()
        self._redis.close()


def is_work(line: Mapping[str, Any]) -> bool:
    """Return whether a line of Redis's monitor is a command that a provider counts."""
    return line["client_type"] != "lua" and not line["command"].startswith(_CONNECTING)


@contextmanager
def warm_connection(values: Mapping[str, str]) -> Iterator[None]:
    """Limit PostgREST to one warm connection with cached plans, as under load.

    The first call of a function on a connection takes several times as long as the next ones, and
    an idle connection is closed after 30 s. So empty calls keep it open.
    """
    here = stack("test")
    supervisor, part = Supervisor(here), postgrest(here)
    supervisor.stop(("postgrest",))
    supervisor.ensure(replace(part, env={**part.env, "PGRST_DB_POOL": "1"}))
    try:
        with _kept_in_use(values):
            yield
    finally:
        supervisor.stop(("postgrest",))
        supervisor.ensure(part)


@contextmanager
def _kept_in_use(values: Mapping[str, str]) -> Iterator[None]:
    over = threading.Event()
    headers = {"apikey": values["SUPABASE_SECRET_KEY"]}

    def call() -> None:
        with httpx.Client(base_url=values["SUPABASE_URL"], headers=headers, timeout=30) as client:
            while not over.wait(_KEEPING_SECONDS):
                client.post("/rest/v1/rpc/ping_as_service_role", json={}).raise_for_status()

    thread = threading.Thread(target=call)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def schedules_resting(values: Mapping[str, str]) -> Iterator[None]:
    """Disable the schedules; only queue messages then send emails and pushes."""
    client: Any = boto3.client(
        "scheduler",
        endpoint_url=values["AWS_ENDPOINT_URL"],
        region_name=_REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    known = [client.get_schedule(Name=one["Name"]) for one in client.list_schedules()["Schedules"]]
    wanted = ("Name", "ScheduleExpression", "Target", "FlexibleTimeWindow")
    try:
        for one in known:
            client.update_schedule(**{key: one[key] for key in wanted}, State="DISABLED")
        yield
    finally:
        for one in known:
            client.update_schedule(**{key: one[key] for key in wanted}, State="ENABLED")


def _folder(name: str) -> str:
    return function({"metadata": {"wingman": {"function": name}}})


def _milliseconds(pid: int) -> float:
    """Return the CPU time of a process, all threads."""
    total = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(path.read_text().split()[0])
        except OSError:
            continue  # the thread has ended
    return total / 1e6


def each(before: Use, after: Use, times: int) -> dict[str, Any]:
    new = [one for key, one in after["segments"].items() if key not in before["segments"]]
    numbers = {
        "requests": after["requests"] - before["requests"],
        "frames": after["frames"] - before["frames"],
        "redis_commands": after["redis"] - before["redis"],
        "emails": after["emails"] - before["emails"],
        "pushes": after["pushes"] - before["pushes"],
        "database_cpu_ms": sum(
            used - before["database_cpu"].get(pid, 0) for pid, used in after["database_cpu"].items()
        ),
        **{key: after["database"][key] - before["database"][key] for key in after["database"]},
    }
    rows = {
        key: count - before["rows"].get(key, 0)
        for key, count in after["rows"].items()
        if count > before["rows"].get(key, 0)
    }
    return {
        **{key: round(value / times, 2) for key, value in numbers.items()},
        "functions": _functions(new, _worked(before, after), times),
        "rows": {key: round(value / times, 2) for key, value in sorted(rows.items())},
    }


def _worked(before: Use, after: Use) -> Mapping[str, float]:
    """Return the CPU time of each function, including processes that started since."""
    worked: dict[str, float] = defaultdict(float)
    for pid, worker in after["cpu"].items():
        if pid in before["cpu"]:
            worked[worker.function] += worker.used - before["cpu"][pid].used
        elif worker.began > before["at"]:
            worked[worker.function] += worker.used
    return worked


def _functions(
    segments: list[dict[str, Any]], worked: Mapping[str, float], times: int
) -> dict[str, Any]:
    handlers = {one["id"]: function(one) for one in segments if one["name"] == "handler"}
    calls: dict[str, Counter[str]] = defaultdict(Counter)
    wall: dict[str, float] = defaultdict(float)
    for one in segments:
        owner = handlers.get(one["id"] if one["name"] == "handler" else one.get("parent_id", ""))
        if owner is not None:
            calls[owner][re.sub(r"^handler$", "invocations", one["name"])] += 1
            if one["name"] == "handler":
                wall[owner] += 1000 * (one["end_time"] - one["start_time"])
    return {
        name: {
            "cpu_ms": round(worked.get(name, 0) / times, 2),
            "wall_ms": round(wall[name] / times, 2),
            "calls": {call: round(count / times, 2) for call, count in sorted(counts.items())},
        }
        for name, counts in sorted(calls.items())
    }


def machine() -> str:
    """Return the load of the machine, for the reader of the figures."""
    cores = os.cpu_count() or 1
    return f"{cores} cores, {os.getloadavg()[0] / cores:.1f} processes on each"
