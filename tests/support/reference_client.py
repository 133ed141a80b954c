"""The reference client of docs/realtime.md, compiled."""

import subprocess
from pathlib import Path

from tests.support.template import ROOT

SOURCE = ROOT / "examples" / "realtime"
_INSTALLED = ROOT / "local" / "node_modules"


def compiled(folder: Path, project: Path = SOURCE / "test") -> Path:
    """Compile a project, with the types of its tests, into a folder."""
    compiler = _INSTALLED / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        ["node", compiler, "--project", project, "--outDir", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (folder / "package.json").write_text((SOURCE / "package.json").read_text())
    (folder / "node_modules").symlink_to(_INSTALLED)
    return folder
