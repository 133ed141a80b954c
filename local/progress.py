"""Lines that show progress and durations."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(line: str = "") -> None:
    """Print one line and flush it; lines of several threads do not mix."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print the title and the block's duration when it is done."""
    began = time.monotonic()
    yield
    say(f"  {title:<48} {time.monotonic() - began:5.1f} s")
