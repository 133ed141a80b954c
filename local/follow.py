"""Follows several log files as one stream; each line starts with the name of its part."""

import time
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path

from local.processes import reap
from local.progress import say

PAUSE = 0.3


def follow(logs: Sequence[Path]) -> None:
    opened: dict[Path, BufferedReader] = {}
    while True:
        for log in logs:
            if log not in opened and log.exists():
                opened[log] = log.open("rb")
                opened[log].seek(0, 2)
        for log, file in opened.items():
            for line in file:
                say(f"{log.stem:<10} {line.decode(errors='replace').rstrip()}")
        reap()
        time.sleep(PAUSE)
