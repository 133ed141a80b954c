"""`make test CLOCK='2027-02-01 23:30'`: runs the stack and its tests at another time.

A small library shifts the C library's time of day. libfaketime does not fit: it shifts the
monotonic clock too, or breaks sleeps. PostgREST is linked statically: the edge shifts its tokens.
"""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from local.prerequisites import Need, install
from local.stack import CHECKOUT

_SHIFT = "WINGMAN_CLOCK_SHIFT"
VARIABLES = ("LD_PRELOAD", _SHIFT)
_COMPILER = Need("a C compiler", lambda: shutil.which("cc") is not None, "gcc libc6-dev", "")


def shift() -> int:
    """Return the seconds by which this process's clock is ahead of the machine's."""
    return int(os.environ.get(_SHIFT, "0"))


def variables(wanted: str) -> dict[str, str]:
    """Return the environment in which the time is `wanted` (UTC)."""
    moment = datetime.fromisoformat(wanted).replace(tzinfo=UTC)
    seconds = round((moment - datetime.now(UTC)).total_seconds())
    return {"LD_PRELOAD": str(_library()), _SHIFT: str(seconds)}


def _library() -> Path:
    if sys.platform != "linux":
        raise SystemExit("error: CLOCK works on Linux only")
    if not _COMPILER.present() and (advice := install([_COMPILER])):
        raise SystemExit(f"error: CLOCK needs a C compiler: {advice}")
    source, built = CHECKOUT / "local" / "clock.c", CHECKOUT / ".local" / "clock.so"
    options = ("-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC")
    subprocess.run(["cc", *options, "-o", built, source, "-ldl"], check=True)
    return built


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):  # stdout is for the shell
        found = variables(sys.argv[1])
    for name, value in found.items():
        print(f"export {name}={shlex.quote(value)};")
