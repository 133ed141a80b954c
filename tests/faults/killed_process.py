"""Functions whose process is killed between commit and fan-out.

The process sends itself SIGKILL at its first call to the management API: the message is stored,
but nothing is posted, enqueued or answered.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.faults.child_process import ChildProcess
from tests.support.functions import Function
from wingman.realtime import service


class DoomedProcess(ChildProcess):
    """Forks a process for each event from a parent that has loaded the functions."""

    def __init__(
        self, names: Sequence[str], stack: Mapping[str, str], overrides: Mapping[str, str]
    ) -> None:
        super().__init__(_serve, list(names), dict(stack), dict(overrides))
        self._turn = threading.Lock()

    def invoke(self, name: str, event: Mapping[str, Any]) -> Any | None:
        """Return the answer of a function that posted nothing, or None if it was killed."""
        with self._turn:
            self._pipe.send((name, event))
            return self._pipe.recv()


def _serve(
    pipe: Connection, names: Sequence[str], stack: dict[str, str], overrides: dict[str, str]
) -> None:
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - logs, for the process's life
    patch = pytest.MonkeyPatch()
    functions = {name: Function(name, stack, patch, overrides) for name in names}
    patch.setattr(service, "_posts", _end)
    while True:
        try:
            name, event = pipe.recv()
        except EOFError:
            return
        pipe.send(_forked(functions[name], event))


def _end() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def _forked(function: Function, event: dict[str, Any]) -> Any | None:
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        os.write(theirs, json.dumps(function.invoke(event)).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    return json.loads(text)
