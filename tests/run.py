"""`make test`: every test, in phases; what does not disturb each other runs side by side."""

import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from local.parts import NAMES
from local.progress import say
from local.stack import Stack, stack
from local.supervisor import Supervisor
from tests.support import own_stack
from tests.support import run as this_run

TESTS = Path(__file__).parent
ROOT = TESTS.parent
_FILES = sorted(TESTS.glob("*/**/test_*.py"))
_FOLDERS = sorted({path.relative_to(TESTS).parts[0] for path in _FILES})
_ATTACKS = sorted((TESTS / "attacks").glob("test_*.py"))
_DEPLOYED = {"attacks", "browser", "e2e", "package"}
# Two thirds of their time is waiting.
_PROCESSES = min((os.cpu_count() or 1) + 1, own_stack.MOST)
_NOT_ALONE = ("-m", "not alone")
_NO_FUZZ = ("-p", "no:schemathesis")  # its plugin takes a second to import


@dataclass(frozen=True)
class Phase:
    """Tests that one call of pytest runs."""

    name: str
    arguments: Sequence[str | Path]


@dataclass(frozen=True)
class Result:
    """The result of a phase."""

    phase: str
    seconds: float = 0
    passed: int = 0
    skipped: int = 0
    failed: Sequence[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = {"passed": self.passed, "failed": len(self.failed), "skipped": self.skipped}
        shown = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        return f"{self.phase:<9}{self.seconds:6.1f} s   {shown}"


def phases() -> tuple[Phase, ...]:
    """Return the phases; each test is in one of them."""
    on_functions = [path for path in _ATTACKS if "api: Api" not in path.read_text()]
    apart = [TESTS / name for name in _FOLDERS if name not in {"unit", *_DEPLOYED}] + on_functions
    deployed = [path for path in _ATTACKS if path not in on_functions]
    deployed += [TESTS / name for name in ("e2e", "browser")]
    beside = [TESTS / "e2e" / f"test_{name}.py" for name in ("deploy", "generated_clients")]
    # They make the pages that they look at.
    beside += [TESTS / "browser" / f"test_{name}.py" for name in ("brands", "emails", "gallery")]
    alone = [path for path in _FILES if "mark.alone" in path.read_text()]
    # Files in the order of their names: those of `faults`, which wait most, begin.
    by_file = ("-n", str(_PROCESSES), "--dist", "loadfile", "--no-loadscope-reorder")
    return (
        Phase("unit", [TESTS / "unit", "-n", "auto", *_NO_FUZZ]),
        Phase("apart", [*apart, *_NOT_ALONE, "--own-stack", *by_file, *_NO_FUZZ]),
        Phase("deployed", [*deployed, *_NOT_ALONE, *(f"--ignore={path}" for path in beside)]),
        Phase("shipping", [TESTS / "package", *beside, *_NOT_ALONE, *_NO_FUZZ]),
        Phase("alone", [*alone, "-m", "alone"]),
    )


def run(phase: Phase) -> Result:
    """Run one phase."""
    report = this_run.folder() / f"{phase.name}.xml"
    arguments = ["pytest", *phase.arguments, f"--junitxml={report}"]
    code, seconds = _module(phase.name, arguments)
    cases = list(ET.parse(report).iter("testcase")) if report.exists() else []  # noqa: S314 - pytest has just written it
    failed = [f"{case.get('classname')}::{case.get('name')}" for case in cases if _is_wrong(case)]
    skipped = sum(case.find("skipped") is not None for case in cases)
    passed = len(cases) - len(failed) - skipped
    if code and not failed:
        failed = [f"pytest ended with code {code}" if cases else "no test ran"]
    return Result(phase.name, seconds, passed, skipped, failed)


def _is_wrong(case: ET.Element) -> bool:
    return any(case.find(kind) is not None for kind in ("failure", "error"))


def start(here: Stack) -> Result:
    """Start the stack of the whole run."""
    code, seconds = _module("start", ["local", "up", "--name", here.name])
    return Result("start", seconds, failed=["the stack did not start"] if code else [])


def check(here: Stack) -> Result:
    """Look whether the stack runs, whole, after a phase."""
    lost = sorted(set(NAMES) - set(Supervisor(here).pids()))
    return Result("stack", failed=[f"{name} does not run: see {here.log(name)}" for name in lost])


_running: list[subprocess.Popen[str]] = []


def _module(title: str, arguments: Sequence[str | Path]) -> tuple[int, float]:
    """Run a module and repeat its lines, each after the title; return its code and seconds."""
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        _running.append(running)
        for line in running.stdout or ():
            say(f"{title:<9}| {line.rstrip()}")
    return running.returncode, time.monotonic() - began


def together(*calls: Callable[[], Result]) -> list[Result]:
    """Make the calls side by side; an interruption ends what they have started."""
    with ThreadPoolExecutor(len(calls)) as pool:
        results = [pool.submit(call) for call in calls]
        try:
            return [result.result() for result in results]
        except KeyboardInterrupt:
            for process in _running:
                process.send_signal(signal.SIGINT)
            raise


def results(here: Stack) -> Iterator[Result]:
    """Run all phases; without the stack, none that needs it."""
    unit, apart, deployed, shipping, alone = phases()
    for stage in (
        [partial(run, unit), partial(start, here)],
        [partial(run, apart), partial(run, deployed), partial(run, shipping)],
        [partial(run, alone)],
    ):
        yield from together(*stage)
        lost = check(here)
        yield lost
        if lost.failed:
            return


def main() -> int:
    """Run everything, then say what failed and how long each phase took."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    this_run.begin()
    own_stack.remove_all()
    began = time.monotonic()
    try:
        found = list(results(stack("test")))
    except KeyboardInterrupt:
        say("interrupted")
        return 1
    finally:
        own_stack.remove_all()
    return summary(found, time.monotonic() - began)


def summary(found: Sequence[Result], seconds: float) -> int:
    say()
    for result in found:
        for failure in result.failed:
            say(f"FAILED {result.phase}: {failure}")
    say()
    for result in found:
        if result.seconds:
            say(str(result))
    say(f"{'together':<9}{seconds:6.1f} s")
    failed = sum(len(result.failed) for result in found)
    say(f"{sum(result.passed for result in found)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
