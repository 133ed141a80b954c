"""A process of its own, which answers over a pipe until its owner closes it."""

import multiprocessing
from collections.abc import Callable
from typing import Self

_PROCESSES = multiprocessing.get_context("forkserver")


class ChildProcess:
    """Runs `target(pipe, *arguments)`, where all arguments can be pickled."""

    def __init__(self, target: Callable[..., None], *arguments: object) -> None:
        self._pipe, theirs = _PROCESSES.Pipe()
        self._process = _PROCESSES.Process(target=target, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join(5)
        self._process.kill()
