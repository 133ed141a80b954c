"""`make soak-chat`: two thousand messages through chaos, into docs/benchmarks.md."""

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from itertools import zip_longest
from pathlib import Path

from local.environment import read
from local.stack import stack
from tests.bench.report import write
from tests.faults.chat import Chat
from tests.support.people import People
from tests.support.reference_client import compiled

MESSAGES = 2000


def section(chat: Chat, seed: int, seconds: float, missed: int, pushes: int) -> str:
    seen = "\n".join(f"| {what} | {times} |" for what, times in sorted(chat.chaos.seen.items()))
    return (
        "## Chat\n\n"
        f"{MESSAGES} messages between two reference clients, which reload on the way, through the "
        f"real handlers, database and registry, seed {seed}, {seconds:.0f} s.\n"
        f"Written by `make soak-chat`; `make soak-chat ARGS={seed}` throws the same dice.\n\n"
        f"| what happened | times |\n|---|---|\n{seen}\n\n"
        f"Messages missing, doubled or out of place in what the two saw: {missed}.\n"
        f"Pushes twice, of received messages, or missing: {pushes}.\n"
    )


def main() -> None:
    """Run once; a seed as the argument repeats a run."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else secrets.randbelow(2**32)
    values = read(stack("test"))
    print(f"{MESSAGES} messages, seed {seed} …", flush=True)
    began = time.monotonic()
    # Hide the handlers' logs, which go to this process's output.
    with (
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),
        tempfile.TemporaryDirectory() as folder,
        People(values) as people,
    ):
        client = compiled(Path(folder) / "client")
        with Chat(values, people, messages=MESSAGES, seed=seed) as chat:
            histories = chat.run(client, seconds=1800)
            stored = chat.stored()
            wrong_pushes = chat.wrong_pushes()
    missed = sum(wrong(history.shown, stored) for history in histories) + MESSAGES - len(stored)
    write(section(chat, seed, time.monotonic() - began, missed, len(wrong_pushes)))
    if missed or wrong_pushes:
        print(*wrong_pushes, sep="\n")
        sys.exit(
            f"{missed} messages are not in their place: `make soak-chat ARGS={seed}` repeats it"
        )


def wrong(shown: Sequence[object], stored: Sequence[object]) -> int:
    """Count the places at which two histories differ."""
    pairs = zip_longest(shown, stored)
    return sum(one != other for one, other in pairs)


if __name__ == "__main__":
    main()
