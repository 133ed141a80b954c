"""Tools that read the API document; `make test` installs them into .local/contract."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.template import ROOT

HERE = ROOT / "tests" / "contract"
INSTALLED = ROOT / ".local" / "contract"
_PROGRAMS = (INSTALLED / "node_modules" / ".bin", INSTALLED / "venv" / "bin")


def run(
    program: str,
    *arguments: str | Path,
    cwd: Path = ROOT,
    variables: Mapping[str, str] | None = None,
) -> str:
    """Run a program and return its output; fail if it fails or is not installed."""
    assert all(folder.exists() for folder in _PROGRAMS), "run `make .local/contract.stamp`"
    path = os.pathsep.join([*map(str, _PROGRAMS), os.environ["PATH"]])
    done = subprocess.run(
        [program, *arguments],
        cwd=cwd,
        env={**os.environ, "PATH": path, "NO_COLOR": "1", **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
