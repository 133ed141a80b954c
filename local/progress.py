"""Lines that show progress and the seconds that it took."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(line: str = "") -> None:
    """Print one line at once, also into a pipe, and whole, also from several threads."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print the title and, when the block is done, the seconds that it took."""
    began = time.monotonic()
    yield
    say(f"  {title:<48} {time.monotonic() - began:5.1f} s")
