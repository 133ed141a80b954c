"""The web client of examples/web, built for the browser."""

import shutil
import subprocess
from pathlib import Path

from local.errors import StackError
from local.parts import clean_env
from local.progress import step
from local.stack import Stack

PAGE = "index.html"
_COPIED = (PAGE, "app.css", "icon.svg")
_SCRIPT = "app.js"
FILES = frozenset({*_COPIED, _SCRIPT, f"{_SCRIPT}.map"})


def folder(stack: Stack) -> Path:
    """Return where the built client of the stack is."""
    return stack.state / "web"


def build(stack: Stack) -> None:
    """Bundle the client, in a tenth of a second; errors of types are for `make check-examples`."""
    source, target = stack.checkout / "examples" / "web", folder(stack)
    target.mkdir(parents=True, exist_ok=True)
    with step("web client"):
        for name in _COPIED:
            shutil.copy(source / name, target / name)
        _bundle(stack, source / "src" / "main.ts", target / _SCRIPT)


def _bundle(stack: Stack, entry: Path, target: Path) -> None:
    program = stack.checkout / "local" / "node_modules" / ".bin" / "esbuild"
    if not program.exists():
        raise StackError("esbuild is missing: run `make setup`")
    options = ("--bundle", "--format=esm", "--target=es2022", "--minify", "--sourcemap")
    done = subprocess.run(
        [program, entry, *options, "--log-level=warning", f"--outfile={target}"],
        capture_output=True,
        text=True,
        env=clean_env(),
        check=False,
    )
    if done.returncode:
        raise StackError(f"the web client does not build:\n{done.stderr}")
