"""ministack with Lambda's logging, without a wait in every warm call and work in every cold one.

It allows 50 ms for that line. Runs as a script under the interpreter in .local/ministack.
"""

import inspect
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.app import main
from ministack.core import lambda_runtime
from ministack.core.lambda_runtime import Worker
from ministack.services import apigateway, lambda_svc

# Seconds: for the first line, after a line, and in total. ministack allows 0.05, 0.005 and 0.25.
_WAITS = (0.002, 0.002, 0.25)
# A function's code and a layer.
_ARCHIVES = 2
_PARAMETERS = ["self", "first_line_wait", "idle_confirm", "hard_cap"]
_INVOKED = ["self", "event", "request_id", "trace_id"]

# The runtime client does this before it imports a function (awslambdaric.bootstrap), after the
# variables that LogFormat JSON sets: the root logger gets a level and a handler, past our own.
_LOGGING = """
import json, logging, os, sys

class _RuntimeHandler(logging.Handler):
    def emit(self, record):
        line = {"level": record.levelname, "message": record.getMessage(), "logger": record.name}
        if record.exc_info:
            line["errorMessage"] = str(record.exc_info[1])
        print(json.dumps(line), file=sys.stderr)

if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
    logging.getLogger().setLevel(os.environ["AWS_LAMBDA_LOG_LEVEL"])
    logging.getLogger().addHandler(_RuntimeHandler())
"""


class UnpackedOnce(zipfile.ZipFile):
    """An archive of a function or layer; ministack would unpack its 100 MB for each process."""

    _one_at_a_time = threading.Lock()  # each archive has a `_lock` of its own

    def namelist(self) -> list[str]:
        """Return no name: ministack looks for paths that lead outside, which are never unpacked."""
        return []

    def extractall(self, path: Any = None, *_: Any, **__: Any) -> None:
        """Let `path`, an empty folder, lead to the files."""
        members = tuple((each.filename, each.CRC) for each in self.infolist())
        unpacked = Path(tempfile.gettempdir()) / f"unpacked-{hash(members):x}"
        with self._one_at_a_time:
            if not unpacked.exists():
                draft = unpacked.with_suffix(".new")
                super().extractall(draft, super().namelist())
                draft.rename(unpacked)
        Path(path).rmdir()
        Path(path).symlink_to(unpacked)


def unpack_once() -> None:
    """Replace the archives of the module that starts processes; another release may differ."""
    found = inspect.getsource(Worker._spawn).count("zipfile.ZipFile(")  # noqa: SLF001
    if found != _ARCHIVES:
        raise SystemExit(
            f"ministack's Worker._spawn unpacks {found} archives, not {_ARCHIVES}: "
            "adapt local/emulator.py to this release"
        )
    # ministack catches this name, which no zipfile has: the error it met would be lost.
    there = vars(zipfile) | {"ZipFile": UnpackedOnce, "LargeFileError": zipfile.LargeZipFile}
    lambda_runtime.zipfile = SimpleNamespace(**there)


def log_as_lambda_does() -> None:
    """Let every Python function begin with the logging that the runtime would give it."""
    lambda_runtime._PYTHON_WORKER_SCRIPT = _LOGGING + lambda_runtime._PYTHON_WORKER_SCRIPT  # noqa: SLF001


def shorten_waits() -> None:
    """Set the defaults of a private method; another release may have changed it."""
    found = list(inspect.signature(Worker._drain_stderr_bounded).parameters)  # noqa: SLF001
    if found != _PARAMETERS:
        raise SystemExit(
            f"ministack's Worker._drain_stderr_bounded takes {found}, not {_PARAMETERS}: "
            "adapt local/emulator.py to this release"
        )
    Worker._drain_stderr_bounded.__defaults__ = _WAITS  # noqa: SLF001


def take_any_frame() -> None:
    """Pass deeply nested JSON on to `$default`; ministack would close the connection."""
    select = apigateway._evaluate_route_selection  # noqa: SLF001

    def route(expression: str, frame: str) -> str:
        try:
            return str(select(expression, frame))
        except RecursionError:
            return "$default"

    apigateway._evaluate_route_selection = route  # noqa: SLF001


def trace_frames() -> None:
    """Give the frame of a WebSocket a trace and a log, as every other invocation has them.

    ministack's dispatcher, which sees to both, is passed by: such a call has two arguments alone.
    """
    invoke = Worker.invoke
    if list(inspect.signature(invoke).parameters)[:4] != _INVOKED:
        raise SystemExit(
            "ministack's Worker.invoke has changed: adapt local/emulator.py to this release"
        )

    def traced(self: Any, event: Any, request_id: str, **given: Any) -> Any:
        if given:
            return invoke(self, event, request_id, **given)
        trace_id = lambda_svc._xray_trace_id_for_invocation(self.config)  # noqa: SLF001
        result = invoke(self, event, request_id, trace_id=trace_id)
        failed = result.get("status") != "ok"
        log = "\n".join(filter(None, [result.get("log"), result.get("trace") if failed else ""]))
        lambda_svc._emit_lambda_logs({"config": self.config}, request_id, log, failed, 0)  # noqa: SLF001
        return result

    Worker.invoke = traced


if __name__ == "__main__":
    take_any_frame()
    trace_frames()
    shorten_waits()
    unpack_once()
    log_as_lambda_does()
    main()
