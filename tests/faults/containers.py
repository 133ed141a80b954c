"""Containers of one function, each in its own process as on Lambda."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.faults.child_process import ChildProcess
from tests.support.functions import Function


class Answer(NamedTuple):
    """An answer, and the seconds that it took."""

    status: int
    headers: Mapping[str, str]
    seconds: float


class Load(NamedTuple):
    """Requests one after the other, `times` times or for `seconds`, each followed by a pause."""

    events: Sequence[dict[str, Any]]
    times: int | None = None
    seconds: float = 0.0
    pause: float = 0.0


class Container(ChildProcess):
    """A warm container that takes one request at a time."""

    def __init__(self, name: str, stack: Mapping[str, str], **overrides: str) -> None:
        super().__init__(_run, name, dict(stack), overrides)

    def begin(self, load: Load) -> None:
        """Send the requests; `answers` waits for them."""
        self._pipe.send(load)

    def answers(self) -> list[Answer]:
        """Wait for the answers to the requests of the last `begin`."""
        assert self._pipe.poll(60), "the container hangs"
        answers: list[Answer] = self._pipe.recv()
        return answers


def together(containers: Sequence[Container], loads: Sequence[Load]) -> list[list[Answer]]:
    """Let all containers work at the same time."""
    for container, load in zip(containers, loads, strict=True):
        container.begin(load)
    return [container.answers() for container in containers]


def _run(pipe: Connection, name: str, stack: dict[str, str], overrides: dict[str, str]) -> None:
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - logs, for the process's life
    function = Function(name, stack, pytest.MonkeyPatch(), overrides)
    while True:
        try:
            load: Load = pipe.recv()
        except EOFError:
            return
        pipe.send(_work(function, load))


def _work(function: Function, load: Load) -> list[Answer]:
    answers: list[Answer] = []
    ends_at = time.monotonic() + load.seconds
    while len(answers) < load.times if load.times is not None else time.monotonic() < ends_at:
        event = load.events[len(answers) % len(load.events)]
        began = time.monotonic()
        answer = function.invoke(event)
        took = time.monotonic() - began
        headers = {key.lower(): value for key, value in answer["headers"].items()}
        answers.append(Answer(answer["statusCode"], headers, took))
        time.sleep(load.pause)
    return answers
