"""Imports handlers, each in its own fork, and prints their errors as JSON.

Runs as a script under a bare interpreter: `{"preload": [module …], "paths": [folder …],
"functions": [{"name", "folder", "paths", "handler", "env"} …]}` comes on stdin. A fork starts with
the preloaded packages, or each function would spend half a second on FastAPI.
"""

import contextlib
import importlib
import json
import os
import sys
import traceback
from typing import Any

_Error = dict[str, str]


def main() -> None:
    """Print name → error for the functions that fail."""
    wanted: dict[str, Any] = json.load(sys.stdin)
    sys.path[:0] = wanted["paths"]
    for module in wanted["preload"]:
        with contextlib.suppress(Exception):  # the function that needs it reports it
            importlib.import_module(module)
    errors = {}
    pending = wanted["functions"][::-1]
    running: dict[int, tuple[str, int]] = {}
    while pending or running:
        while pending and len(running) < (os.cpu_count() or 1):
            function = pending.pop()
            pid, pipe = _fork(function)
            running[pid] = function["name"], pipe
        pid, _ = os.wait()
        name, pipe = running.pop(pid)
        with os.fdopen(pipe) as answer:
            errors[name] = json.loads(answer.read() or '{"summary": "it ended the process"}')
    json.dump({name: error for name, error in errors.items() if error}, sys.stdout)


def _fork(function: dict[str, Any]) -> tuple[int, int]:
    reading, writing = os.pipe()
    if pid := os.fork():
        os.close(writing)
        return pid, reading
    os.close(reading)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    answer: _Error = {}
    try:
        _import(function)
    except BaseException as error:  # noqa: BLE001 (any error is the answer)
        answer = _described(error)
    os.write(writing, json.dumps(answer).encode())
    os._exit(0)


def _import(function: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(function["env"])
    os.chdir(function["folder"])
    sys.path[:0] = [function["folder"], *function["paths"]]
    module, _, name = function["handler"].rpartition(".")
    getattr(importlib.import_module(module.replace("/", ".")), name)


def _described(error: BaseException) -> _Error:
    """Return the traceback without the frames of this script and of importlib."""
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename in {__file__, importlib.__file__}:
        frames = frames.tb_next
    while frames and frames.tb_frame.f_code.co_filename.startswith("<frozen importlib"):
        frames = frames.tb_next
    text = "".join(traceback.format_exception(type(error), error, frames))
    # The parent reads after the exit, so the answer must fit into the pipe's buffer.
    return {"summary": text.strip().rpartition("\n")[2][:1000], "traceback": text[-10_000:]}


if __name__ == "__main__":
    main()
