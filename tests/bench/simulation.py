"""Many containers in simulated time: threads that take turns, one at a time.

They run real blocking code, with this clock and these waits. A run depends only on its inputs.
"""

import heapq
import itertools
import threading
from collections.abc import Callable


class Simulation:
    """A clock (seconds) that jumps to whatever is due next."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, threading.Lock]] = []
        self._order = itertools.count()
        self._own = threading.local()
        self._ended = threading.Lock()
        self._failure: BaseException | None = None

    def add(self, body: Callable[[], None]) -> None:
        """Start `body` when the simulation runs."""
        turn = _taken_lock()

        def run() -> None:
            turn.acquire()
            self._own.turn = turn
            try:
                body()
            except BaseException as error:  # noqa: BLE001 - `run` raises it
                self._failure = error
                self._due.clear()
            self._wake_next()

        threading.Thread(target=run, daemon=True).start()
        heapq.heappush(self._due, (self.now, next(self._order), turn))

    def run(self) -> None:
        """Run until every body has ended. Raises the error of any of them."""
        self._ended.acquire()
        self._wake_next()
        with self._ended:
            if self._failure is not None:
                raise self._failure

    def sleep(self, seconds: float) -> None:
        """Let the others run for this much simulated time."""
        until = self.now + seconds
        if not self._due or until < self._due[0][0]:
            self.now = until
            return
        turn: threading.Lock = self._own.turn
        heapq.heappush(self._due, (until, next(self._order), turn))
        self._wake_next()
        turn.acquire()

    def _wake_next(self) -> None:
        if not self._due:
            self._ended.release()
            return
        self.now, _, turn = heapq.heappop(self._due)
        turn.release()


def _taken_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock
