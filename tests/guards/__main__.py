"""`make guards`: removes each guard in turn, and checks that its tests then fail."""

import os
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue

from tests.guards.guards import ROOT, Guard, guards
from tests.guards.workshop import Workshop

ENV_FILE = Path(os.environ.get("WINGMAN_STACK_ENV", ROOT / ".local" / "test" / "env"))

AT_ONCE = 2


def main() -> int:
    word = " ".join(sys.argv[1:])
    chosen = guards(word)
    if not chosen:
        print(f"no guard and no promise in docs/guards.md has these words: {word}")
        return 1
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        workshops = [_workshop(Path(folder) / str(number)) for number in range(AT_ONCE)]
        proven = sum(_proofs(workshops, _sound(workshops[0], chosen)))
    seconds = round(time.monotonic() - began)
    print(f"{proven} of {len(chosen)} guards: their tests fail without them ({seconds} s)")
    return 0 if proven == len(chosen) else 1


def _workshop(root: Path) -> Workshop:
    root.mkdir()
    return Workshop(root.resolve(), _database_url())


def _proofs(workshops: Sequence[Workshop], chosen: Sequence[Guard]) -> Iterator[bool]:
    """Test guards one by one if their tests share the stack; test the others in parallel."""
    yield from (_is_proven(workshops[0], guard) for guard in chosen if guard.shares_the_stack)
    others = [guard for guard in chosen if not guard.shares_the_stack]
    free = SimpleQueue[Workshop]()
    for workshop in workshops:
        free.put(workshop)

    def prove(guard: Guard) -> bool:
        workshop = free.get()
        try:
            return _is_proven(workshop, guard)
        finally:
            free.put(workshop)

    with ThreadPoolExecutor(len(workshops)) as threads:
        yield from threads.map(prove, others)


def _database_url() -> str:
    words = shlex.split(ENV_FILE.read_text())
    return dict(word.split("=", 1) for word in words)["DATABASE_URL"]


def _sound(workshop: Workshop, chosen: Sequence[Guard]) -> Sequence[Guard]:
    """Run the tests with all guards in place; return the guards whose tests pass.

    A failure without the guard means nothing if the test fails anyway.
    """
    tests = sorted({test for guard in chosen for test in guard.red})
    print(f"{len(tests)} tests with every guard in place …", flush=True)
    failing: list[str] = []
    for folder, group in groupby(tests, key=lambda test: Path(test).parts[1]):
        together = list(group)
        workshop.forget_emails()
        result = workshop.run(together)
        if not result.is_green:
            print(f"{folder}:\n{result.output[-5000:]}", flush=True)
            failing += result.failed(together)
    unsound = [guard for guard in chosen if set(guard.red) & set(failing)]
    for guard in unsound:
        print(f"NOT PROVEN  {guard.name}\n  a test fails with it, too", flush=True)
    return [guard for guard in chosen if guard not in unsound]


def _is_proven(workshop: Workshop, guard: Guard) -> bool:
    began = time.monotonic()
    with workshop.without(guard):
        complaint = workshop.run(guard.red).complaint(guard.red)
    line = f"{'ok' if complaint is None else 'NOT PROVEN':>10} {time.monotonic() - began:5.1f} s"
    print("\n  ".join(filter(None, [f"{line}  {guard.name}", complaint])), flush=True)
    return complaint is None


if __name__ == "__main__":
    sys.exit(main())
