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


def test_a_release_that_unpacks_differently_is_refused() -> None:
    done = run("lambda_runtime.Worker._spawn = zipfile.ZipFile.close", UNPACK)
    assert done.returncode == 1
    assert "adapt local/emulator.py" in done.stderr
