"""Records of a test run, written by several processes, for the last tests to read."""

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_VARIABLE = "WINGMAN_TEST_RUN"


def begin() -> None:
    """Begin a run, unless this process is part of one; its records are removed at exit."""
    if _VARIABLE not in os.environ:
        os.environ[_VARIABLE] = tempfile.mkdtemp(prefix="wingman-test-run-")
        atexit.register(shutil.rmtree, folder())


def folder() -> Path:
    return Path(os.environ[_VARIABLE])


def keep(kind: str, texts: Iterable[str]) -> None:
    """Keep records for the rest of the run; a benchmark is a run of its own."""
    begin()
    with (folder() / f"{kind}-{os.getpid()}.jsonl").open("a") as file:
        file.writelines(json.dumps(text) + "\n" for text in texts)


def kept(kind: str) -> list[str]:
    files = folder().glob(f"{kind}-*.jsonl")
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def secrets(stack: Mapping[str, str]) -> Iterator[str]:
    """Yield the secrets that no log of a stack may have, as NAME=value."""
    for name, value in stack.items():
        if name.endswith(("_JWK", "_KEY", "_SECRET", "_TOKEN", "_APP", "_PUBLIC", "_PREVIOUS")):
            yield f"{name}={value}"
    yield f"DATABASE_URL={stack['DATABASE_URL'].split('@')[0].rpartition(':')[2]}"
