"""`make` says how to begin if nothing is installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[3] / "Makefile"


@pytest.mark.parametrize("target", ["reset", "status"])
def test_a_fresh_clone_learns_how_to_begin(tmp_path: Path, target: str) -> None:
    shutil.copy(MAKEFILE, tmp_path)
    # `make test` passes its flags down, which add output.
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", target]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "nothing is installed yet: make up\n")
