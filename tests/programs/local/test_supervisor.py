"""Errors about ports that are taken and parts that do not run."""

import json
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import lifecycle, operate, processes
from local.errors import StackError
from local.stack import HOST, Stack
from local.supervisor import Supervisor, refuse_taken_ports, require_running


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        yield listener


@pytest.fixture
def here(tmp_path: Path, listener: socket.socket) -> Stack:
    """A stack whose API would listen where the test itself listens."""
    return Stack("dev", listener.getsockname()[1], checkout=tmp_path)


@pytest.fixture
def part(here: Stack) -> Iterator[Callable[[str], None]]:
    """Start one part of the stack."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    started = processes.start(command, env={}, log=here.log("part"), cwd=here.checkout)

    def running(name: str) -> None:
        here.pids_file.write_text(json.dumps({name: vars(started)}))

    yield running
    processes.stop(started)


def test_a_taken_port_is_refused_with_its_program_and_a_way_out(here: Stack) -> None:
    with pytest.raises(StackError) as refused:
        refuse_taken_ports(here, Supervisor(here))
    said = str(refused.value)
    assert f"port {here.port('api')} is taken by `" in said
    assert f"(pid {os.getpid()})" in said
    assert re.search(r"WINGMAN_PORT_BASE=\d+000 make up", said)


def test_a_port_that_a_part_of_the_stack_holds_is_not_taken(
    here: Stack, part: Callable[[str], None]
) -> None:
    part("edge")
    refuse_taken_ports(here, Supervisor(here))


def test_a_stack_that_is_down_is_not_running(here: Stack) -> None:
    with pytest.raises(StackError, match="the dev stack is not running: `make up`"):
        require_running(here)


def test_a_part_that_died_is_named(here: Stack, part: Callable[[str], None]) -> None:
    part("redis")
    with pytest.raises(StackError, match=r"not running \(postgres, .*`make up` starts"):
        require_running(here)


def test_an_operator_learns_that_another_environment_can_be_looked_at(here: Stack) -> None:
    with pytest.raises(StackError, match="not running: `make up`, or set SUPABASE_URL"):
        operate.values(here, "SUPABASE_URL")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), StackError("no")])
def test_an_interrupted_start_names_the_parts_that_still_run(
    here: Stack,
    part: Callable[[str], None],
    error: BaseException,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    part("redis")

    def interrupted(*_: object) -> None:
        raise error

    monkeypatch.setattr(lifecycle, "refuse_taken_ports", interrupted)
    with pytest.raises(StackError, match=r"still running: redis; .*`make down` stops"):
        lifecycle.up(here)
