"""Cold starts of the built artefacts under the real runtime client, in CPU time.

The reference is a bare FastAPI and Mangum function, built by plain `sam build`, without bytecode.
CPU time does not include waiting for a busy machine.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from local import invocation
from local.errors import StackError
from local.lambda_runtime import BuiltFunction, execution_environment
from local.package.target import OWN_RUNTIME
from local.stack import HOST, Stack
from tests.support.template import ROOT

# The reference runs again after this many functions.
_TURN = 4
_BARE = ""
_SECONDS = 60


def measure(stack: Stack, names: Iterable[str], rounds: int) -> dict[str, float]:
    """Return each named function's cheapest initialisation as a ratio to the bare function's.

    It takes the minimum, because other processes on the same caches only add CPU time. Functions
    and reference take turns, so that both meet the same load; two run at once.
    """
    bare = partial(initialisation, _bare(), {})
    starts = {
        name: partial(
            initialisation, invocation.built(stack, name), invocation.variables(stack, name)
        )
        for name in names
    }
    taken: dict[str, list[float]] = {name: [] for name in [_BARE, *starts]}
    turns = [_BARE, *(turn for _ in range(rounds) for turn in _turns(list(starts)))]
    with ThreadPoolExecutor(2) as pool:
        for name, seconds in zip(
            turns, pool.map(lambda turn: starts.get(turn, bare)(), turns), strict=True
        ):
            taken[name].append(seconds)
    return {name: min(taken[name]) / min(taken[_BARE]) for name in starts}


def _turns(names: Sequence[str]) -> Iterator[str]:
    for number, name in enumerate(names, start=1):
        yield name
        if number % _TURN == 0 or number == len(names):
            yield _BARE


def initialisation(function: BuiltFunction, env: dict[str, str]) -> float:
    """Return the CPU seconds from the start of the process until it asks for an event."""
    with _RuntimeApi() as api:
        process = subprocess.Popen(
            [ROOT / ".local/runtime/bin/python", "-m", "awslambdaric", function.handler],
            cwd=function.folder,
            env=execution_environment(function, env) | {"AWS_LAMBDA_RUNTIME_API": api.address},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        api.clock = ~process.pid << 3 | 2  # clock_getcpuclockid(3): the CPU time of a process
        try:
            api.handle_request()
        finally:
            process.kill()
            output, _ = process.communicate()
    if api.spent is None:
        raise StackError(f"{function.folder.name} did not start:\n{output.decode()}")
    return api.spent


class _RuntimeApi(HTTPServer):
    """Lambda's runtime API, up to a function's first request for an event, or its failure."""

    timeout = _SECONDS

    def __init__(self) -> None:
        super().__init__((HOST, 0), _FirstRequest)
        self.clock = time.CLOCK_PROCESS_CPUTIME_ID
        self.spent: float | None = None

    @property
    def address(self) -> str:
        return f"{HOST}:{self.server_port}"


class _FirstRequest(BaseHTTPRequestHandler):
    server: _RuntimeApi

    def do_GET(self) -> None:
        """Take the request for an event, and never answer it."""
        self.server.spent = time.clock_gettime(self.server.clock)

    def do_POST(self) -> None:
        """Take the report of an initialisation error, which is also in the log."""

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def _bare() -> BuiltFunction:
    source, built = ROOT / ".local" / "bench" / "bare", ROOT / ".local" / "bench" / "built"
    pins = (ROOT / "layers" / "dependencies" / "requirements.txt").read_text().splitlines()
    wanted = "\n".join(pin for pin in pins if pin.startswith(("fastapi==", "mangum==")))
    requirements = source / "requirements.txt"
    if not (requirements.exists() and requirements.read_text() == wanted and built.exists()):
        shutil.copytree(ROOT / "tests" / "bench" / "bare", source, dirs_exist_ok=True)
        requirements.write_text(wanted)
        _sam_build(source, built)
    return BuiltFunction(built / "BareFunction", [])


def _sam_build(source: Path, built: Path) -> None:
    sam = ROOT / ".local" / "aws" / "bin" / "sam"
    path = os.pathsep.join([str(Path(sys.executable).parent), str(sam.parent), os.environ["PATH"]])
    subprocess.run(
        [
            *(sam, "build", "--template", source / "template.yaml", "--build-dir", built),
            *("--parameter-overrides", f"Runtime={OWN_RUNTIME}"),
        ],
        env=os.environ | {"PATH": path, "SAM_CLI_TELEMETRY": "0"},
        check=True,
        capture_output=True,
    )
