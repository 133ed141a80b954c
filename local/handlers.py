"""Starts each changed function once: the API answers 502 for one that cannot start."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from local import building, invocation, template
from local.errors import StackError
from local.lambda_runtime import execution_environment
from local.progress import step
from local.stack import Stack

_SCRIPT = Path(__file__).with_name("import_handlers.py")
# Most functions import these, and they take longest to import.
_PRELOAD = ("fastapi", "mangum", "postgrest", "upstash_redis", "aws_lambda_powertools", "jwt")

Errors = Mapping[str, Mapping[str, str]]


def start_changed(stack: Stack) -> None:
    """Import the handlers that changed since their last successful import. Raises StackError."""
    record = building.folder(stack).with_name("started.json")
    known = json.loads(record.read_text()) if record.exists() else {}
    wanted = dict(_fingerprints(stack))
    changed = [name for name, digest in wanted.items() if known.get(name) != digest]
    if not changed:
        return
    with step(f"start of changed functions: {len(changed)}"):
        errors = start(stack, changed)
    record.write_text(json.dumps({n: d for n, d in wanted.items() if n not in errors}))
    if errors:
        raise StackError(described(errors))


def _fingerprints(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield each function's folder name, and a hash of everything that its start depends on."""
    read = template.load(stack.checkout / "template.yaml")
    for name in template.functions(read):
        settings = template.settings(read, name)
        layers = [read["Resources"][layer["Ref"]]["Properties"] for layer in settings["Layers"]]
        folders = [settings["CodeUri"], *(layer["ContentUri"] for layer in layers)]
        rules = json.dumps([settings["Handler"], template.variables(read, name)])
        sources = [stack.checkout / folder for folder in folders]
        yield Path(settings["CodeUri"]).name, building.hashed(rules, sources)


def start(stack: Stack, names: Iterable[str]) -> Errors:
    """Import the handlers as the emulator's workers do; return the errors by function."""
    functions = [_wanted(stack, name) for name in names]
    asked = {"preload": _PRELOAD, "paths": functions[0]["paths"], "functions": functions}
    done = subprocess.run(
        [sys.executable, "-S", "-P", _SCRIPT],  # without our own environment's packages
        input=json.dumps(asked),
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StackError(f"the functions could not be started:\n{done.stderr}")
    errors: Errors = json.loads(done.stdout)
    return errors


def _wanted(stack: Stack, name: str) -> dict[str, Any]:
    function = invocation.built(stack, name)
    return {
        "name": name,
        "folder": str(function.folder),
        "paths": [str(layer / "python") for layer in function.layers],
        "handler": function.handler,
        "env": execution_environment(function, invocation.variables(stack, name)),
    }


def described(errors: Errors) -> str:
    """List each traceback once, with its functions."""
    stopped = defaultdict(list)
    for name, error in sorted(errors.items()):
        stopped[error["summary"]].append(name)
    lines = []
    for summary, names in stopped.items():
        traceback = errors[names[0]].get("traceback", summary)
        lines += [f"does not start: {', '.join(names)}", *traceback.rstrip().splitlines()]
    return "\n  ".join([*lines, "after a fix: `make redeploy`"])
