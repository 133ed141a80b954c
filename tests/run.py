"""`make test`: all tests, in phases; phases that do not affect each other run in parallel."""

import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from heapq import nlargest
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
# Other phases run at the same time; with more processes, the product's timeouts expire.
_PROCESSES = min(os.cpu_count() or 1, own_stack.MOST)
_NOT_ALONE = ("-m", "not alone")
_NO_FUZZ = ("-p", "no:schemathesis")  # its plugin takes a second to import
_MODULE = re.compile(r"^(?:.*\.)?test_\w+")
_SLOWEST = 10
_REASON = 300


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
    files: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        counts = {"passed": self.passed, "failed": len(self.failed), "skipped": self.skipped}
        shown = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        return f"{self.phase:<9}{self.seconds:6.1f} s   {shown}"


def phases() -> tuple[Phase, ...]:
    """Return the phases; each test is in exactly one."""
    on_functions = [path for path in _ATTACKS if "api: Api" not in path.read_text()]
    apart = [TESTS / name for name in _FOLDERS if name not in {"unit", *_DEPLOYED}] + on_functions
    deployed = [path for path in _ATTACKS if path not in on_functions]
    deployed += [TESTS / name for name in ("e2e", "browser")]
    beside = [TESTS / "e2e" / f"test_{name}.py" for name in ("deploy", "generated_clients")]
    # These tests make the pages that they check.
    beside += [TESTS / "browser" / f"test_{name}.py" for name in ("brands", "emails", "gallery")]
    alone = [path for path in _FILES if "mark.alone" in path.read_text()]
    # Files run in the order of their names: `faults`, which waits most, comes early. The tests of a
    # file stay in one process, so that their shared fixtures are made once.
    by_file = ("-n", str(_PROCESSES), "--dist", "loadfile", "--no-loadscope-reorder")
    return (
        Phase("unit", [TESTS / "unit", *by_file, *_NO_FUZZ]),
        Phase("apart", [*apart, *_NOT_ALONE, "--own-stack", *by_file, *_NO_FUZZ]),
        Phase("deployed", [*deployed, *_NOT_ALONE, *(f"--ignore={path}" for path in beside)]),
        Phase("shipping", [TESTS / "package", *beside, *_NOT_ALONE, *_NO_FUZZ]),
        Phase("alone", [*alone, "-m", "alone"]),
    )


def run(phase: Phase) -> Result:
    report = this_run.folder() / f"{phase.name}.xml"
    arguments = ["pytest", *phase.arguments, f"--junitxml={report}"]
    code, seconds = _module(phase.name, arguments)
    cases = list(ET.parse(report).iter("testcase")) if report.exists() else []  # noqa: S314 - pytest has just written it
    wrong = [(case, reason) for case in cases if (reason := _reason(case)) is not None]
    failed = [f"{case.get('classname')}::{case.get('name')}" for case, _ in wrong]
    reasons = {name: reason for name, (_, reason) in zip(failed, wrong, strict=True)}
    skipped = sum(case.find("skipped") is not None for case in cases)
    passed = len(cases) - len(failed) - skipped
    if code and not failed:
        failed = [f"pytest ended with code {code}" if cases else "no test ran"]
    return Result(phase.name, seconds, passed, skipped, failed, _files(cases), reasons)


def _files(cases: Sequence[ET.Element]) -> Mapping[str, float]:
    """Return the total seconds of each file, including setup and waiting."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for case in cases:
        # `tests.unit.test_file`, or `tests.unit.test_file.Class`
        module = "".join(_MODULE.findall(case.get("classname", "")))
        seconds[f"{module.replace('.', '/')}.py"] += float(case.get("time", 0))
    return seconds


def _reason(case: ET.Element) -> str | None:
    """Return why the case failed, in one line; None if it passed."""
    for kind in ("failure", "error"):
        if (found := case.find(kind)) is not None:
            return " ".join(found.get("message", "").split())[:_REASON]
    return None


def start(here: Stack) -> Result:
    """Start the stack that the run shares."""
    code, seconds = _module("start", ["local", "up", "--name", here.name])
    return Result("start", seconds, failed=["the stack did not start"] if code else [])


def check(here: Stack) -> Result:
    """Check that every part of the stack still runs."""
    lost = sorted(set(NAMES) - set(Supervisor(here).pids()))
    return Result("stack", failed=[f"{name} does not run: see {here.log(name)}" for name in lost])


_running: list[subprocess.Popen[str]] = []


def _module(title: str, arguments: Sequence[str | Path]) -> tuple[int, float]:
    """Run a module and print its lines, prefixed by the title; return its exit code and seconds."""
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
    """Run the calls in parallel; an interruption also stops their processes."""
    with ThreadPoolExecutor(len(calls)) as pool:
        results = [pool.submit(call) for call in calls]
        try:
            return [result.result() for result in results]
        except KeyboardInterrupt:
            for process in _running:
                process.send_signal(signal.SIGINT)
            raise


def results(here: Stack) -> Iterator[Result]:
    """Run all phases; stop once a part of the stack is down."""
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
    """Run everything, then print the failures and the time of each phase."""
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
        before = None
        for failure in result.failed:
            say(f"FAILED {result.phase}: {failure}")
            reason = result.reasons.get(failure)
            if reason and reason != before:
                say(f"    {reason}")
            before = reason
    say()
    for result in found:
        if result.seconds:
            say(str(result))
    say(f"{'together':<9}{seconds:6.1f} s")
    say()
    say(f"The {_SLOWEST} slowest test files:")
    for line in slowest(found):
        say(line)
    say()
    failed = sum(len(result.failed) for result in found)
    say(f"{sum(result.passed for result in found)} passed, {failed} failed")
    return 1 if failed else 0


def slowest(found: Sequence[Result]) -> list[str]:
    files = [(each.files[file], each.phase, file) for each in found for file in each.files]
    return [
        f"{phase:<9}{seconds:6.1f} s   {file}" for seconds, phase, file in nlargest(_SLOWEST, files)
    ]


if __name__ == "__main__":
    sys.exit(main())
