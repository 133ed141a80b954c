"""Requests of several kinds, each sent again and again while a test changes what answers them."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx

Ask = Callable[[], int]
# Between requests of one kind, else PAUSE_S: users stay below the limits of each, and new versions
# do not all start at the same moment.
PAUSES_S = {"sign_up": 3.0, "invitation": 4.0, "tips": 8.0}
PAUSE_S = 1.0
NO_ANSWER = 0
GOOD = {200, 201, 202}


@contextmanager
def flowing(asks: Mapping[str, Ask]) -> Iterator[Counter[tuple[str, int]]]:
    """Let each kind of request be sent again and again; yield the answers that they got."""
    seen: Counter[tuple[str, int]] = Counter()
    over = threading.Event()

    def flow(name: str, ask: Ask) -> None:
        while not over.wait(PAUSES_S.get(name, PAUSE_S)):
            try:
                seen[name, ask()] += 1
            except httpx.HTTPError as error:
                seen[f"{name}: {error!r}", NO_ANSWER] += 1

    threads = [threading.Thread(target=flow, args=item) for item in asks.items()]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()


def more_of_each(seen: Counter[tuple[str, int]], asks: Mapping[str, Ask], times: int) -> None:
    """Wait until each kind of request was answered so many times more."""
    before = Counter(seen)
    while not all(_answers(Counter(seen) - before, name) >= times for name in asks):
        assert all(status != NO_ANSWER for _, status in list(seen)), seen
        time.sleep(0.2)


def _answers(seen: Counter[tuple[str, int]], name: str) -> int:
    return sum(n for (kind, status), n in seen.items() if kind == name and status in GOOD)
