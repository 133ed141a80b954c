"""The pinned ministack still has what our emulator changes in it."""

import subprocess
from pathlib import Path

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


def run(prepare: str, script: str = SHORTEN) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [".local/ministack/bin/python", "-P", "-c", script.format(prepare=prepare)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wait_for_a_log_line_is_two_milliseconds() -> None:
    done = run("")
    assert done.stdout == "(0.002, 0.002, 0.25)\n", done.stderr


def test_a_release_that_waits_differently_is_refused() -> None:
    done = run(CHANGED)
    assert done.returncode == 1
    assert "adapt local/emulator.py" in done.stderr


def test_processes_share_the_files_of_a_layer(tmp_path: Path) -> None:
    done = run(f"os.environ['TMPDIR'] = {str(tmp_path)!r}", UNPACK)
    first, second = done.stdout.splitlines()
    assert first == second, done.stderr
    assert first.startswith("it = 1 ")


def test_processes_that_start_at_once_wait_for_the_files_of_a_layer(tmp_path: Path) -> None:
    done = run(f"os.environ['TMPDIR'] = {str(tmp_path)!r}", AT_ONCE)
    assert done.stdout == ", ".join(["it = 1"] * 4) + "\n", done.stderr


def test_a_release_that_unpacks_differently_is_refused() -> None:
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


def test_a_frame_of_a_websocket_has_a_trace_and_a_log() -> None:
    done = run("", FRAMES)
    shown, logged = done.stdout.splitlines()
    assert shown.startswith("frame Root=1-"), done.stderr
    assert shown.endswith(" None call None 3")
    assert logged.startswith("frame Root=1-")


def test_a_release_that_invokes_differently_is_refused() -> None:
    done = run("", FRAMES.replace("event, request_id, *,", "request_id, event, *,"))
    assert done.returncode == 1
    assert "adapt local/emulator.py" in done.stderr
