"""A run keeps records; a program that is no test run keeps its own, and removes them."""

import os
import subprocess
import sys
from pathlib import Path

from tests.run import ROOT

PROGRAM = """
from tests.support.run import folder, keep, kept
keep("said", ["hello"])
assert kept("said") == ["hello"]
print(folder())
"""


def test_records_kept_outside_a_run_are_removed_at_exit() -> None:
    outside = {name: value for name, value in os.environ.items() if name != "WINGMAN_TEST_RUN"}
    command = [sys.executable, "-c", PROGRAM]
    printed = subprocess.check_output(command, cwd=ROOT, env=outside, text=True)

    assert not Path(printed.strip()).exists()
