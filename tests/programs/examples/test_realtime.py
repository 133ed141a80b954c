"""The tests of the reference client in TypeScript (`node --test`), each as a test of pytest."""

import fcntl
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.support.reference_client import SOURCE, compiled

FILES = sorted((SOURCE / "test").glob("*.test.ts"))
_NAMED = re.compile(r'^test\("(.+)", (?:async )?\(', re.MULTILINE)
NAMES = [name for file in FILES for name in _NAMED.findall(file.read_text())]


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Compile and run the tests once for all processes of pytest."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "realtime"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        report = folder / "report.xml"
        if not report.exists():
            compiled(folder)
            tests = map(str, sorted(folder.glob("test/*.test.js")))
            command = ["node", "--test", "--test-reporter=junit", *tests]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
            report.write_text(done.stdout)
    return report


@pytest.mark.parametrize("name", NAMES)
def test_a_promise_of_the_reference_client_holds(report: Path, name: str) -> None:
    (case,) = ET.parse(report).findall(f".//testcase[@name={_quoted(name)}]")  # noqa: S314 - node has just written it
    failure = case.find("failure")
    assert failure is None, failure.text


def test_no_test_of_the_reference_client_is_left_out(report: Path) -> None:
    run = [case.get("name", "") for case in ET.parse(report).iter("testcase")]  # noqa: S314 - as above
    assert sorted(run) == sorted(NAMES)


def _quoted(name: str) -> str:
    return f'"{name}"'
