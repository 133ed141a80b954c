"""The Lambda runtime client, installed for the runtime's own Python on this machine."""

import subprocess
import sys
from pathlib import Path

from local.errors import StackError
from local.package.target import Target
from local.stack import CHECKOUT


def runtime_client(target: Target, interpreter: Path, *, checkout: Path = CHECKOUT) -> Path:
    """Return the Python of an environment with only `awslambdaric`; create it once."""
    folder = checkout / ".local" / f"runtime-{target.runtime}"
    python, stamp = folder / "bin" / "python", folder / "installed"
    requirements = checkout / "local" / "requirements-runtime.txt"
    if stamp.exists() and stamp.read_text() == requirements.read_text():
        return python
    uv = Path(sys.executable).with_name("uv")
    _run(uv, "venv", "--quiet", "--clear", "--python", interpreter, folder)
    _run(uv, "pip", "install", "--quiet", "--python", python, "--requirement", requirements)
    stamp.write_text(requirements.read_text())
    return python


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
