"""The program `sam`, as `make setup` installs it."""

import os
import subprocess
import sys
from collections.abc import Mapping
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
) -> None:
    """Run one command of `sam`; its output goes to the log, whose end an error shows.

    `path` holds folders of programs that `sam` prefers to all others.
    """
    programs = checkout / ".local" / "aws" / "bin"
    folders = [*path, Path(sys.executable).parent, programs, Path(os.environ["PATH"])]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        done = subprocess.run(
            [programs / "sam", *arguments],
            cwd=checkout,
            env=clean_env(SAM_CLI_TELEMETRY="0")
            | dict(env or {})
            | {"PATH": os.pathsep.join(map(str, folders))},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        tail = "\n".join(f"    {line}" for line in log.read_text().splitlines()[-25:])
        raise StackError(f"sam {arguments[0]} failed:\n{tail}\n  the whole log: {log}")
