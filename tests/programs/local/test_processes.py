import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import processes
from local.processes import Recorded

PARENT_OF_A_SLEEPER = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Recorded]:
    log = tmp_path / "log"
    command = [sys.executable, "-c", PARENT_OF_A_SLEEPER]
    started = processes.start(command, env=dict(os.environ), log=log, cwd=tmp_path)
    assert processes.wait_until(lambda: b"ready" in log.read_bytes(), 10)
    yield started
    processes.stop(started)


def test_a_started_process_leads_a_group_of_its_own(family: Recorded) -> None:
    assert processes.alive(family)
    assert len(processes.group(family)) == 2
    assert os.getpgid(family.pid) == family.pid != os.getpgid(0)


def test_stopping_ends_the_children_too(family: Recorded) -> None:
    processes.stop(family)
    assert processes.group(family) == []


def test_children_of_a_killed_process_are_still_found_and_stopped(family: Recorded) -> None:
    os.kill(family.pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not processes.alive(family), 5)
    assert len(processes.group(family)) == 1
    processes.stop(family)
    assert processes.group(family) == []


def test_a_frozen_process_is_stopped(family: Recorded) -> None:
    os.kill(family.pid, signal.SIGSTOP)
    processes.stop(family)
    assert processes.group(family) == []


def test_a_process_that_took_over_the_pid_is_left_alone() -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        mistaken = Recorded(stranger.pid, started="another time")
        assert not processes.alive(mistaken)
        processes.stop(mistaken)
        assert stranger.poll() is None
    finally:
        stranger.communicate(b"\n", timeout=5)
