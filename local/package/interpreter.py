"""Finding an interpreter of the runtime's minor version on this machine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_ASK = "import sys; print('%d.%d' % sys.version_info[:2])"


def interpreter(version: str) -> Path | None:
    """Return a CPython of this minor version ("3.13"), or None."""
    return next((path for path in _candidates(version) if _is(path, version)), None)


def _candidates(version: str) -> Iterator[Path]:
    """Yield candidates: this interpreter, PATH, the folders of pyenv and uv."""
    yield Path(sys.executable)
    name = f"python{version}"
    if found := shutil.which(name):
        yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/{name}"), reverse=True)
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    yield from sorted(uv.glob(f"cpython-{version}.*/bin/{name}"), reverse=True)


def _is(path: Path, version: str) -> bool:
    """Return whether it runs and has this version; a pyenv shim may fail at either."""
    asked = subprocess.run([path, "-c", _ASK], capture_output=True, text=True, check=False)
    return asked.returncode == 0 and asked.stdout.strip() == version
