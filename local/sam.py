"""The program `sam`, as `make setup` installs it."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from local.errors import StackError
from local.parts import clean_env
from local.stack import CHECKOUT


def sam(
    *arguments: str | Path,
    log: Path,
    env: Mapping[str, str] | None = None,
    path: tuple[Path, ...] = (),
    checkout: Path = CHECKOUT,
    heard: Callable[[str], None] = lambda _: None,
) -> None:
    """Run a `sam` command; its output goes to the log. An error shows the end of the log.

    `path` holds folders to put first on the PATH; `heard` gets every line.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("w") as output,
        subprocess.Popen(
            command(*arguments, checkout=checkout),
            cwd=checkout,
            env=environment(env or {}, path, checkout=checkout),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        for line in process.stdout or ():
            output.write(line)
            heard(line)
    if process.returncode != 0:
        tail = "\n".join(f"    {line}" for line in log.read_text().splitlines()[-25:])
        raise StackError(f"sam {arguments[0]} failed:\n{tail}\n  the whole log: {log}")


def command(*arguments: str | Path, checkout: Path = CHECKOUT) -> list[str | Path]:
    return [checkout / ".local" / "aws" / "bin" / "sam", *arguments]


def environment(
    env: Mapping[str, str], path: tuple[Path, ...] = (), *, checkout: Path = CHECKOUT
) -> dict[str, str]:
    """Return the variables for `sam`: a few of ours, and those given."""
    programs = checkout / ".local" / "aws" / "bin"
    folders = [*path, Path(sys.executable).parent, programs, Path(os.environ["PATH"])]
    return (
        clean_env(SAM_CLI_TELEMETRY="0") | dict(env) | {"PATH": os.pathsep.join(map(str, folders))}
    )
