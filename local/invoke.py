"""`make invoke`: runs a built function with one event, without Docker."""

import json
import os
from pathlib import Path
from typing import Any

from local import building, environment
from local.errors import StackError
from local.invocation import built, logical_name, variables
from local.lambda_runtime import LambdaRuntime
from local.progress import say
from local.sample_events import filled
from local.stack import Stack
from local.supervisor import require_running

_ERRORS = 400


def invoke(stack: Stack, function: str, event: str, *, expected: int | None = None) -> int:
    """Invoke a function with a sample event; return 0 if its answer is good.

    Good is the `expected` status, or, without one, no error, no batch failure and no 4xx or 5xx.
    """
    if not function or not event:
        raise StackError("name both: make invoke FUNCTION=health EVENT=events/health/get.json")
    path = Path(event)
    if not path.exists():
        raise StackError(f"the event file {event} does not exist")
    require_running(stack)
    building.build(stack)
    true_event = filled(path, environment.read(stack))
    written = _write(stack, function, path, true_event)
    with LambdaRuntime.start(built(stack, function), variables(stack, function)) as runtime:
        answer = runtime.invoke(true_event)
        initialised, logs = runtime.init_milliseconds(), runtime.logs()
    say(logs.rstrip())
    say(json.dumps(answer, indent=2, ensure_ascii=False))
    say(f"initialised in {initialised:.0f} ms")
    say(f"\nWith Docker, the same event: {written}")
    if is_good(answer, expected):
        return 0
    say(f"\nNot the expected answer; EXPECT={_status(answer) or 404} sets the expected status")
    return 1


def is_good(answer: Any, expected: int | None = None) -> bool:
    if not isinstance(answer, dict):
        return expected is None
    if expected is not None:
        return _status(answer) == expected
    status = _status(answer) or 200
    return "errorType" not in answer and status < _ERRORS and not answer.get("batchItemFailures")


def _status(answer: Any) -> int | None:
    return answer.get("statusCode") if isinstance(answer, dict) else None


def _write(stack: Stack, function: str, path: Path, event: dict[str, Any]) -> str:
    """Write the event and the function's variables; return the command to run them in Docker."""
    folder = stack.state / "events"
    files = {
        folder / path.parent.name / path.name: event,
        folder / "variables.json": {logical_name(stack, function): variables(stack, function)},
    }
    for file, content in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            json.dump(content, opened, indent=2, ensure_ascii=False)
    event_file, variables_file = (file.relative_to(stack.checkout) for file in files)
    template_file = (building.folder(stack) / "template.yaml").relative_to(stack.checkout)
    return (
        f"sam local invoke {logical_name(stack, function)} --template {template_file} "
        f"--event {event_file} --env-vars {variables_file} --docker-network host"
    )
