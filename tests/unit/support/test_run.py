"""`make test` says in its last line what became of every test, and is red when anything was."""

from pathlib import Path

import pytest

from local.stack import Stack
from tests import run
from tests.run import Phase, Result


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINGMAN_TEST_RUN", str(tmp_path))


def phase(tmp_path: Path, *tests: str) -> Phase:
    file = tmp_path / "test_it.py"
    file.write_text("\n".join(["import pytest", *tests]))
    return Phase("probe", [file, "-p", "no:schemathesis"])


PASSES = "def test_a(): pass"
FAILS = "def test_b(): assert 0"
BREAKS = "@pytest.fixture\ndef x(): raise ValueError\ndef test_c(x): pass"


def test_a_phase_counts_what_passed_and_names_what_failed(tmp_path: Path) -> None:
    found = run.run(phase(tmp_path, PASSES, FAILS, BREAKS))

    assert (found.passed, found.skipped) == (1, 0)
    assert [name.rpartition("::")[2] for name in found.failed] == ["test_b", "test_c"]


def test_a_phase_that_runs_no_test_fails(tmp_path: Path) -> None:
    assert run.run(phase(tmp_path)).failed == ["no test ran"]


def test_a_stack_that_died_is_a_failure_that_names_its_parts(tmp_path: Path) -> None:
    here = Stack("test", 9700, checkout=tmp_path)
    assert f"postgres does not run: see {here.log('postgres')}" in run.check(here).failed


def test_the_last_line_is_the_total(capsys: pytest.CaptureFixture[str]) -> None:
    code = run.summary([Result("unit", 2.0, 5), Result("apart", 3.0, 7, 1, ["a::b"])], 4.0)

    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert "FAILED apart: a::b" in lines
    assert lines[-1] == "12 passed, 1 failed"


def test_a_run_without_failures_is_green() -> None:
    assert run.summary([Result("unit", 2.0, 5)], 2.0) == 0


def test_every_file_of_tests_is_in_a_phase() -> None:
    given = {Path(each) for phase in run.phases() for each in phase.arguments}
    files = Path(run.__file__).parent.glob("*/**/test_*.py")
    assert [file for file in files if not given & {file, *file.parents}] == []
