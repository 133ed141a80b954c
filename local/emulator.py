"""ministack, without its wait of 50 ms for a log line at the end of every warm call.

Runs as a script under the interpreter in .local/ministack.
"""

import inspect

from ministack.app import main
from ministack.core.lambda_runtime import Worker

# Seconds: for the first line, after a line, and in total. ministack allows 0.05, 0.005 and 0.25.
_WAITS = (0.002, 0.002, 0.25)
_PARAMETERS = ["self", "first_line_wait", "idle_confirm", "hard_cap"]


def shorten_waits() -> None:
    """Set the defaults of a private method; another release may have changed it."""
    found = list(inspect.signature(Worker._drain_stderr_bounded).parameters)  # noqa: SLF001
    if found != _PARAMETERS:
        raise SystemExit(
            f"ministack's Worker._drain_stderr_bounded takes {found}, not {_PARAMETERS}: "
            "adapt local/emulator.py to this release"
        )
    Worker._drain_stderr_bounded.__defaults__ = _WAITS  # noqa: SLF001


if __name__ == "__main__":
    shorten_waits()
    main()
