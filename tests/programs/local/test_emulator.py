"""The pinned ministack still has the code that our emulator patches."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SHORTEN = """
import runpy, sys
from ministack.core.lambda_runtime import Worker
{prepare}
emulator = runpy.run_path("local/emulator.py")
emulator["shorten_waits"]()
print(Worker._drain_stderr_bounded.__defaults__)
"""
UNPACK = """
import os, runpy, sys, zipfile
from ministack.core import lambda_runtime
{prepare}
emulator = runpy.run_path("local/emulator.py")
emulator["unpack_once"]()
os.chdir(os.environ.get("TMPDIR", "."))
with zipfile.ZipFile("layer.zip", "w") as archive:
    archive.writestr("python/it.py", "it = 1")
for folder in ("first", "second"):
    os.mkdir(folder)
    with lambda_runtime.zipfile.ZipFile("layer.zip") as archive:
        archive.extractall(folder)
    print(open(folder + "/python/it.py").read(), os.stat(folder + "/python/it.py").st_ino)
"""
AT_ONCE = """
import os, runpy, time, zipfile
from concurrent.futures import ThreadPoolExecutor
from ministack.core import lambda_runtime
{prepare}
def slowly(self, path, members):
    time.sleep(0.1)
    extract(self, path, members)
extract, zipfile.ZipFile.extractall = zipfile.ZipFile.extractall, slowly
runpy.run_path("local/emulator.py")["unpack_once"]()
os.chdir(os.environ["TMPDIR"])
with zipfile.ZipFile("layer.zip", "w") as archive:
    archive.writestr("python/it.py", "it = 1")
def unpack(number):
    folder = f"worker-{{number}}"
    os.mkdir(folder)
    with lambda_runtime.zipfile.ZipFile("layer.zip") as archive:
        archive.extractall(folder)
    return open(folder + "/python/it.py").read()
with ThreadPoolExecutor(4) as pool:
    print(*pool.map(unpack, range(4)), sep=", ")
"""
CHANGED = "Worker._drain_stderr_bounded = lambda self, patience=0.05: ''"


# Importing ministack takes seconds, so one process imports it, and each script runs in a fork.
COPIES = """
import json, os, runpy, sys
runpy.run_path("local/emulator.py")
for line in sys.stdin:
    script, printed, failed = json.loads(line)
    if not (child := os.fork()):
        for number, path in ((1, printed), (2, failed)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
        exec(script, {"__name__": "__main__"})
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture(scope="module")
def copies() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [".local/ministack/bin/python", "-P", "-c", COPIES],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as copies:
        yield copies
        copies.communicate()


@pytest.fixture
def run(copies: "subprocess.Popen[str]", tmp_path: Path) -> Run:
    """Run a script in a fork that has ministack imported, after `prepare`."""
    scripts, codes = copies.stdin, copies.stdout
    assert scripts
    assert codes

    def one(prepare: str, script: str = SHORTEN) -> Done:
        files = [tmp_path / name for name in ("printed", "failed")]
        print(
            json.dumps([script.format(prepare=prepare), *map(str, files)]),
            file=scripts,
            flush=True,
        )
        code = int(codes.readline())
        return Done(code, *(file.read_text() for file in files))

    return one


def test_the_wait_for_a_log_line_is_two_milliseconds(run: Run) -> None:
    done = run("")
    assert done.stdout == "(0.002, 0.002, 0.25)\n", done.stderr


def test_a_release_that_waits_differently_is_refused(run: Run) -> None:
    done = run(CHANGED)
    assert done.returncode == 1
    assert "adapt local/emulator.py" in done.stderr


def test_processes_share_the_files_of_a_layer(run: Run, tmp_path: Path) -> None:
    done = run(f"os.environ['TMPDIR'] = {str(tmp_path)!r}", UNPACK)
    first, second = done.stdout.splitlines()
    assert first == second, done.stderr
    assert first.startswith("it = 1 ")


def test_processes_that_start_at_once_wait_for_the_files_of_a_layer(
    run: Run, tmp_path: Path
) -> None:
    done = run(f"os.environ['TMPDIR'] = {str(tmp_path)!r}", AT_ONCE)
    assert done.stdout == ", ".join(["it = 1"] * 4) + "\n", done.stderr


def test_a_release_that_unpacks_differently_is_refused(run: Run) -> None:
    done = run("lambda_runtime.Worker._spawn = zipfile.ZipFile.close", UNPACK)
    assert done.returncode == 1
    assert "adapt local/emulator.py" in done.stderr


FRAMES = """
import runpy
from ministack.core.lambda_runtime import Worker
from ministack.services import cloudwatch_logs
{prepare}
def invoke(self, event, request_id, *, trace_id=None, depth=None):
    return {{"status": "ok", "log": f"{{event}} {{trace_id}} {{depth}}"}}
Worker.invoke = invoke
emulator = runpy.run_path("local/emulator.py")
emulator["trace_frames"]()
worker = object.__new__(Worker)
worker.config = {{"FunctionName": "realtime", "TracingConfig": {{"Mode": "Active"}}}}
print(worker.invoke("frame", "r-1")["log"], worker.invoke("call", "r-2", depth=3)["log"])
[group] = cloudwatch_logs._log_groups.values()
print([e["message"] for s in group["streams"].values() for e in s["events"]][1])
"""


def test_a_frame_of_a_websocket_has_a_trace_and_a_log(run: Run) -> None:
    done = run("", FRAMES)
    shown, logged = done.stdout.splitlines()
    assert shown.startswith("frame Root=1-"), done.stderr
    assert shown.endswith(" None call None 3")
    assert logged.startswith("frame Root=1-")


def test_a_release_that_invokes_differently_is_refused(run: Run) -> None:
    done = run("", FRAMES.replace("event, request_id, *,", "request_id, event, *,"))
    assert done.returncode == 1
    assert "adapt local/emulator.py" in done.stderr
