"""Cold starts of the built artefacts under the real runtime client, side by side.

The reference is a bare FastAPI and Mangum function, built by `sam build` as it comes: without
bytecode. Functions take turns with it, so that the machine's mood is the same for all.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from local import invocation
from local.errors import StackError
from local.lambda_runtime import BuiltFunction, LambdaRuntime
from local.package.target import OWN_RUNTIME
from local.stack import Stack
from tests.support.template import ROOT

# After so many functions it is the reference's turn.
_TURN = 8
# Where these run, /opt and /var/task cannot be written to: no start leaves bytecode for the next.
READ_ONLY = {"PYTHONDONTWRITEBYTECODE": "1"}


def measure(stack: Stack, names: Iterable[str], rounds: int) -> dict[str, float]:
    """Return each named function's shortest initialisation as a ratio to the bare function's.

    The shortest: whatever else the machine does only ever adds to a start.
    """
    bare = partial(_initialisation, _bare(), READ_ONLY, _event("health"))
    starts = {}
    for name in names:
        env = invocation.variables(stack, name) | READ_ONLY
        starts[name] = partial(_initialisation, invocation.built(stack, name), env, _event(name))
    taken: dict[str, list[float]] = {name: [] for name in starts}
    reference = [bare()]
    for _ in range(rounds):
        for number, (name, start) in enumerate(starts.items(), start=1):
            taken[name].append(start())
            if number % _TURN == 0 or number == len(starts):
                reference.append(bare())
    return {name: min(times) / min(reference) for name, times in taken.items()}


def _initialisation(function: BuiltFunction, env: dict[str, str], event: Any) -> float:
    with LambdaRuntime.start(function, env) as runtime:
        if runtime.invoke(event) is None:  # a runtime that is not there fails in no time
            raise StackError(f"no answer:\n{runtime.logs()}")
        return runtime.init_milliseconds()


def _event(function: str) -> dict[str, Any]:
    path = min((ROOT / "events" / function).glob("*.json"))
    event: dict[str, Any] = json.loads(path.read_text())
    return event


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
