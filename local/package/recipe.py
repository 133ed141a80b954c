"""The install and compile commands for the Makefiles of the layers."""

import re
import shlex
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from local.package.target import Target


def native() -> dict[str, str]:
    """Return the recipe for this machine and this interpreter."""
    return {"LAYER_INSTALL": _install(), "LAYER_COMPILE": _compile(Path(sys.executable))}


def foreign(target: Target, compiler: Path | None) -> dict[str, str]:
    """Return the recipe for a runtime of Lambda, with bytecode if there is a compiler."""
    glibc = "_".join(map(str, target.glibc))
    install = _install(
        *("--python-platform", f"{target.machine}-manylinux_{glibc}"),
        *("--python-version", target.version, "--only-binary", ":all:"),
    )
    return {"LAYER_INSTALL": install, "LAYER_COMPILE": _compile(compiler) if compiler else ""}


def _install(*options: str) -> str:
    """Return the command; requirements files pin all packages, so it resolves nothing.

    It copies: with uv's links into its cache, a changed artefact would change every later build.
    """
    uv = Path(sys.executable).with_name("uv")
    command = (uv, "pip", "install", "--quiet", "--no-deps", "--link-mode", "copy")
    index = ["--default-index", found] if (found := _index()) else []
    return _words(*command, "--no-python-downloads", "--python", sys.executable, *index, *options)


def _compile(compiler: Path) -> str:
    """Return the command; Python uses this bytecode without checking the source."""
    command = (compiler, "-m", "compileall", "-q", "-j", "0")
    return _words(*command, "--invalidation-mode", "unchecked-hash")


@cache
def _index() -> str | None:
    """Return pip's configured package index, if any; uv ignores that setting."""
    if find_spec("pip") is None:
        return None
    command = [sys.executable, "-m", "pip", "config", "list"]
    settings = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^(?:global|install|:env:)\.index-url='(.*)'$", settings, re.MULTILINE)
    return found[-1] if found else None


def _words(*command: str | Path) -> str:
    return shlex.join(map(str, command))
