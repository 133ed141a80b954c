"""ministack, adapted: Lambda's logging, faster warm and cold starts, and fixes.

Runs as a script under the interpreter in .local/ministack.
"""

import inspect
import random
import tempfile
import threading
import zipfile
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.app import main
from ministack.core import lambda_runtime
from ministack.core.lambda_runtime import Worker
from ministack.services import apigateway, lambda_svc
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks
from samtranslator.translator import transform

# Seconds to wait for a first log line, for another one, and in total; ministack waits 0.05, 0.005
# and 0.25 in every warm call.
_WAITS = (0.002, 0.002, 0.25)
# Seconds for requests of a deleted version to finish.
_LAST_REQUESTS = 60.0
# A function's code and a layer.
_ARCHIVES = 2
_PARAMETERS = ["self", "first_line_wait", "idle_confirm", "hard_cap"]
_INVOKED = ["self", "event", "request_id", "trace_id"]

# With LogFormat JSON, the runtime client (awslambdaric.bootstrap) does this before it imports a
# function: the root logger gets a level and a handler in addition to ours.
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
    """An archive unpacked once; ministack would unpack 100 MB for each process."""

    _one_at_a_time = threading.Lock()  # not `_lock`, which each archive has

    def namelist(self) -> list[str]:
        """Return nothing: ministack checks for paths outside, which ZipFile never unpacks."""
        return []

    def extractall(self, path: Any = None, *_: Any, **__: Any) -> None:
        """Replace `path`, an empty folder, by a link to the unpacked files."""
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
    """Replace ZipFile where ministack starts processes. Raises SystemExit for another release."""
    found = inspect.getsource(Worker._spawn).count("zipfile.ZipFile(")  # noqa: SLF001
    if found != _ARCHIVES:
        raise SystemExit(
            f"ministack's Worker._spawn unpacks {found} archives, not {_ARCHIVES}: "
            "adapt local/emulator.py to this release"
        )
    # ministack catches this misspelt name, and its AttributeError would hide the real error.
    there = vars(zipfile) | {"ZipFile": UnpackedOnce, "LargeFileError": zipfile.LargeZipFile}
    lambda_runtime.zipfile = SimpleNamespace(**there)


def log_as_lambda_does() -> None:
    """Give every Python function the logging of Lambda's runtime."""
    lambda_runtime._PYTHON_WORKER_SCRIPT = _LOGGING + lambda_runtime._PYTHON_WORKER_SCRIPT  # noqa: SLF001


def shorten_waits() -> None:
    """Set a private method's defaults. Raises SystemExit for another release."""
    found = list(inspect.signature(Worker._drain_stderr_bounded).parameters)  # noqa: SLF001
    if found != _PARAMETERS:
        raise SystemExit(
            f"ministack's Worker._drain_stderr_bounded takes {found}, not {_PARAMETERS}: "
            "adapt local/emulator.py to this release"
        )
    Worker._drain_stderr_bounded.__defaults__ = _WAITS  # noqa: SLF001


def take_any_frame() -> None:
    """Route deeply nested JSON to `$default`; ministack would close the connection."""
    select = apigateway._evaluate_route_selection  # noqa: SLF001

    def route(expression: str, frame: str) -> str:
        try:
            return str(select(expression, frame))
        except RecursionError:
            return "$default"

    apigateway._evaluate_route_selection = route  # noqa: SLF001


def translate_with_parameters() -> None:
    """Pass the parameters' values to SAM's translator, as AWS does; ministack passes none.

    It needs them to detect changed functions and to resolve mappings.
    """
    apply, translate = engine._apply_transforms, transform.transform  # noqa: SLF001
    given: ContextVar[dict[str, Any]] = ContextVar("parameters")

    def applied(template: Any, provided: Any = None, previous: Any = None) -> Any:
        values = engine._transform_parameters(template, provided, previous)  # noqa: SLF001
        declared = template.get("Parameters", {})
        # A list would arrive as one string, which the translator takes for a list of one.
        texts = {n: v for n, v in values.items() if "List" not in declared[n]["Type"]}
        token = given.set(texts)
        try:
            return apply(template, provided, previous)
        finally:
            given.reset(token)

    transform.transform = lambda template, _, policies: translate(template, given.get(), policies)
    for module in (engine, changesets, handlers, stacks):
        if hasattr(module, "_apply_transforms"):
            module._apply_transforms = applied  # noqa: SLF001


def share_out_by_weight() -> None:
    """Split an alias's requests by its weights, which ministack stores but ignores."""
    record = lambda_svc._effective_func_record_for_qualifier  # noqa: SLF001
    if list(inspect.signature(record).parameters) != ["func", "qualifier"]:
        raise SystemExit("ministack looks up aliases in another way: adapt local/emulator.py")

    def chosen(func: Any, qualifier: str | None) -> Any:
        alias = (func or {}).get("aliases", {}).get(qualifier, {})
        weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        left = random.random()  # noqa: S311 - no secret
        for version, weight in weights.items():
            left -= weight
            if left < 0:
                return record(func, version)
        return record(func, qualifier)

    lambda_svc._effective_func_record_for_qualifier = chosen  # noqa: SLF001


def keep_versions_apart() -> None:
    """Give each version its own processes for WebSocket frames; ministack would share them."""
    lease = lambda_runtime.get_or_create_worker

    def leased(name: str, config: Any, code: Any, qualifier: str = "$LATEST") -> Any:
        return lease(name, config, code, qualifier=config.get("Version", qualifier))

    lambda_runtime.get_or_create_worker = leased


def end_deleted_versions() -> None:
    """End the processes of a deleted version once their requests are done."""
    delete = provisioners._lambda_version_delete  # noqa: SLF001
    if list(inspect.signature(delete).parameters) != ["physical_id", "props"]:
        raise SystemExit("ministack deletes versions in another way: adapt local/emulator.py")

    def deleted(physical_id: str, props: Any) -> None:
        delete(physical_id, props)
        *_, name, version = physical_id.split(":")
        ending = threading.Timer(_LAST_REQUESTS, lambda_runtime.invalidate_worker, (name, version))
        ending.daemon = True
        ending.start()

    provisioners._RESOURCE_HANDLERS["AWS::Lambda::Version"]["delete"] = deleted  # noqa: SLF001


def trace_frames() -> None:
    """Give the invocation for a WebSocket frame a trace and a log, as every other one has.

    Frames bypass ministack's dispatcher, which adds both; such a call has only two arguments.
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
    translate_with_parameters()
    share_out_by_weight()
    keep_versions_apart()
    end_deleted_versions()
    trace_frames()
    shorten_waits()
    unpack_once()
    log_as_lambda_does()
    main()
