"""The pinned ministack still has the private method whose defaults we change."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
SHORTEN = """
import runpy, sys
from ministack.core.lambda_runtime import Worker
{prepare}
emulator = runpy.run_path("local/emulator.py")
emulator["shorten_waits"]()
print(Worker._drain_stderr_bounded.__defaults__)
"""
CHANGED = "Worker._drain_stderr_bounded = lambda self, patience=0.05: ''"


def run(prepare: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [".local/ministack/bin/python", "-P", "-c", SHORTEN.format(prepare=prepare)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wait_for_a_log_line_is_two_milliseconds() -> None:
    done = run("")
    assert done.stdout == "(0.002, 0.002, 0.25)\n", done.stderr


def test_a_release_that_waits_differently_is_refused() -> None:
    done = run(CHANGED)
    assert done.returncode == 1
    assert "adapt local/emulator.py" in done.stderr
