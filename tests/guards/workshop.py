"""A copy of the repository without a guard, and the tests that run there."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.guards.guards import ROOT, Cut, Guard, applied, definition, file_of

# Installed packages are linked, not copied.
_LINKED = (".local", "local/node_modules")
# These failures mean that the remaining code is broken or hangs, so they prove nothing.
_BROKEN = re.compile(
    r"(psycopg\.errors\.)?"
    r"((Name|Syntax|Import|ModuleNotFound|Indentation|UnboundLocal)Error|Undefined[A-Z])"
    r"|Failed: Timeout"
)
_ALL_PASSED, _SOME_FAILED, _HUNG = 0, 1, -1
# pytest's own timeout ends a test, but not the threads that it started.
_PATIENCE_SECONDS = 900


@dataclass(frozen=True)
class Result:
    """The result of a run of pytest: its exit code, and each failed test with its reason."""

    code: int
    failures: Mapping[str, str]
    output: str

    @property
    def is_green(self) -> bool:
        return self.code == _ALL_PASSED

    def failed(self, tests: Sequence[str]) -> Sequence[str]:
        """Return those of the tests that failed; all of them if pytest reports no failure."""
        if not self.failures:
            return tests
        return [test for test in tests if any(_is_of(name, test) for name in self.failures)]

    def complaint(self, expected: Sequence[str]) -> str | None:
        """Return why this does not prove that each expected test fails; None if it does."""
        if self.code not in {_ALL_PASSED, _SOME_FAILED}:
            return f"pytest ended with {self.code}, which proves nothing\n{self.output[-2000:]}"
        for test in expected:
            reasons = [why for name, why in self.failures.items() if _is_of(name, test)]
            if not reasons:
                return f"still green: {test}"
            if all(_BROKEN.match(why) for why in reasons):
                return f"the code is broken, not unguarded: {reasons[0]}"
        return None


class Workshop:
    """The copy at `root`, used with the running test stack."""

    def __init__(self, root: Path, database_url: str) -> None:
        self._root = root
        self._database_url = database_url
        tracked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(tracked, cwd=ROOT, capture_output=True, text=True, check=True)
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        for name in _LINKED:
            (root / name).symlink_to(ROOT / name)

    @contextmanager
    def without(self, guard: Guard) -> Iterator[None]:
        """Remove a guard from the copy and, if its tests share the stack, from its database."""
        changed = applied(guard.cuts, self._root)
        in_database = [cut for cut in guard.cuts if cut.is_sql and guard.shares_the_stack]
        try:
            for path, text in changed.items():
                path.write_text(text)
            self._define(in_database)
            yield
        finally:
            # copy2 restores the old times, so byte code without the guard is recognised as stale.
            for path in changed:
                shutil.copy2(ROOT / path.relative_to(self._root), path)
            self._define(in_database)
            if guard.shares_the_stack:
                self.forget_emails()

    def run(self, tests: Sequence[str]) -> Result:
        report = self._root / "report.xml"
        report.unlink(missing_ok=True)
        command = [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-p", "no:schemathesis", "--hypothesis-seed=0", "--timeout=60"),
            *("--tb=short", f"--junitxml={report}", *tests),
        ]
        try:
            done = subprocess.run(
                command,
                cwd=self._root,
                env=os.environ | {"PYTHONPATH": "layers/shared"},
                capture_output=True,
                text=True,
                check=False,
                timeout=_PATIENCE_SECONDS,
            )
        except subprocess.TimeoutExpired as hung:
            return Result(_HUNG, {}, str(hung))
        failures = _failures(report) if report.exists() else {}
        return Result(done.returncode, failures, done.stdout + done.stderr)

    def _define(self, cuts: Sequence[Cut]) -> None:
        """Redefine functions and views in the running database from the copy."""
        for cut in cuts:
            statement = definition(cut, file_of(cut, self._root).read_text())
            with psycopg.connect(self._database_url, autocommit=True) as connection:
                connection.execute(statement.encode())

    def forget_emails(self) -> None:
        """Delete unsent emails of failed tests; a sender would claim them before later ones."""
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            connection.execute("delete from public.email_logs where delivery_status = 'pending'")


def _failures(report: Path) -> Mapping[str, str]:
    """Read the failed tests; a test with a broken fixture is an error, not a failure."""
    return {
        f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}": failure.get(
            "message", ""
        )
        for case in ET.parse(report).iter("testcase")  # noqa: S314 - pytest has just written it
        if (failure := case.find("failure")) is not None
    }


def _is_of(name: str, test: str) -> bool:
    return name == test or name.startswith(f"{test}[")
