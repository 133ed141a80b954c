"""Real senders, each in its own process that receives messages and can be killed."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID

from tests.support.template import functions
from wingman.kit.clock import within
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.email.sending import delivery, provider, service

# Times are shortened, so that an hour of retries takes seconds.
_TIMEOUT_SECONDS, _LEASE_SECONDS = 0.5, 4
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.support.senders"])


class SenderProcess:
    def __init__(self, environment: Mapping[str, str], *, hurried: bool = False) -> None:
        self._environment, self._hurried = dict(environment), hurried
        self.busy = False
        self._dies_at = float("inf")
        self._start()

    def _start(self) -> None:
        self._pipe, theirs = _PROCESSES.Pipe()
        work = (theirs, self._environment, self._hurried)
        self._process = _PROCESSES.Process(target=_run, args=work)
        self._process.start()
        theirs.close()

    def give(self, ids: Sequence[UUID], dies_after: float | None = None) -> None:
        """Give the sender one message; the process may be killed after some seconds."""
        self._pipe.send([str(one) for one in ids])
        self.busy = True
        self._dies_at = float("inf") if dies_after is None else time.monotonic() + dies_after

    @property
    def doomed(self) -> bool:
        return self.busy and time.monotonic() > self._dies_at

    def look(self) -> None:
        while self._pipe.poll():
            self._pipe.recv()
            self.busy = False

    def kill(self) -> None:
        assert self._process.pid is not None
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()
        self._pipe.close()
        self.busy = False

    def restart(self) -> None:
        self.kill()
        self._start()


def _run(pipe: Connection, environment: Mapping[str, str], hurried: bool) -> None:
    """Send the emails of each message until the pipe closes."""
    os.environ.update(environment, APP_URL="http://localhost:3000", POWERTOOLS_LOG_LEVEL="CRITICAL")
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - metrics, for the process's life
    sender = service.sender()
    if hurried:
        provider.TIMEOUT_SECONDS = _TIMEOUT_SECONDS
        delivery.SECONDS_PER_REQUEST = _TIMEOUT_SECONDS + 0.5
        sender = replace(sender, lease_seconds=_LEASE_SECONDS)
    seconds = functions()["email_sender"]["Timeout"]
    while True:
        try:
            ids = [UUID(one) for one in pipe.recv()]
        except EOFError:
            return
        with suppress(DependencyUnavailable), within(seconds - 0.5):
            service.send(sender, ids)
        pipe.send("done")
