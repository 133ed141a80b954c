"""Runs one built function with AWS's runtime client and runtime emulator, without Docker."""

import os
import platform
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from local.errors import StackError
from local.free_port import free_port
from local.stack import CHECKOUT, HOST

_INIT = re.compile(r"INIT REPORT\(durationMs: ([\d.]+)")
_READY_SECONDS = 60
# Lambda sets these for template.yaml's `LogFormat: JSON` without an ApplicationLogLevel.
LOGGING = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}


@dataclass(frozen=True)
class BuiltFunction:
    folder: Path
    layers: Sequence[Path]
    handler: str = "app.handler"
    timeout_seconds: int = 30


class LambdaRuntime:
    """One execution environment: `start`, `invoke` any number of times, `stop`.

    The first invocation includes the cold start, as on AWS.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process = process
        self._url = f"http://{HOST}:{port}/2015-03-31/functions/function/invocations"
        self._log = log

    @classmethod
    def start(
        cls,
        function: BuiltFunction,
        env: Mapping[str, str],
        *,
        python: Path | None = None,
        checkout: Path = CHECKOUT,
    ) -> Self:
        """Start the emulator; it starts the function at the first invocation."""
        port, api_port = free_port(), free_port()
        descriptor, log = tempfile.mkstemp(prefix="lambda-", suffix=".log")
        with os.fdopen(descriptor, "wb") as output:
            process = subprocess.Popen(
                [
                    *(_emulator(checkout), "--runtime-interface-emulator-address"),
                    *(f"{HOST}:{port}", "--runtime-api-address", f"{HOST}:{api_port}"),
                    *(python or checkout / ".local/runtime/bin/python", "-m", "awslambdaric"),
                    function.handler,
                ],
                cwd=function.folder,
                env=execution_environment(function, env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        runtime = cls(process, port, Path(log))
        runtime._await_port(port)
        return runtime

    def invoke(self, event: Mapping[str, Any]) -> Any:
        answer = httpx.post(self._url, json=event, timeout=180, trust_env=False)
        return answer.json() if answer.content else None

    def logs(self) -> str:
        return self._log.read_text(errors="replace")

    def init_milliseconds(self, patience: float = 5) -> float:
        """Return how long the function's initialisation took (after the first invocation)."""
        end = time.monotonic() + patience
        while (found := _INIT.search(self.logs())) is None:
            if time.monotonic() > end:
                raise StackError(f"the runtime reported no initialisation:\n{self.logs()}")
            time.sleep(0.01)
        return float(found[1])

    def stop(self) -> None:
        for word in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, word)
                self._process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                continue
            except ProcessLookupError:
                break
        self._log.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _await_port(self, port: int) -> None:
        end = time.monotonic() + _READY_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, port)) == 0:
                    return
            time.sleep(0.01)
        said = self.logs()
        self.stop()
        raise StackError(f"the runtime emulator does not listen:\n{said}")


def execution_environment(function: BuiltFunction, env: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": os.pathsep.join(str(layer / "python") for layer in function.layers),
        "LAMBDA_TASK_ROOT": str(function.folder),
        "AWS_LAMBDA_FUNCTION_NAME": function.folder.name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout_seconds),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "PYTHONDONTWRITEBYTECODE": "1",  # on Lambda, the package is read-only
        **LOGGING,
        **env,
    }


def _emulator(checkout: Path) -> Path:
    machine = "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"
    pattern = f".local/aws/lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{machine}"
    found = next(checkout.glob(pattern), None)
    if found is None or platform.system() != "Linux":
        raise StackError(
            "the runtime emulator runs on Linux only and comes with `make setup`: "
            "elsewhere use `sam local invoke`"
        )
    return found
