"""The last line of `make test` counts the tests, and the command fails if any test failed."""

from pathlib import Path

import pytest

from local.stack import Stack
from tests import run
from tests.run import Phase, Result


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINGMAN_TEST_RUN", str(tmp_path))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def phase(tmp_path: Path, *tests: str) -> Phase:
    file = tmp_path / "test_it.py"
    file.write_text("\n".join(["import pytest", *tests]))
    return Phase("probe", [file])


PASSES = "def test_a(): pass"
FAILS = "def test_b(): assert 0"
BREAKS = "@pytest.fixture\ndef x(): raise ValueError\ndef test_c(x): pass"


def test_a_phase_counts_passed_tests_and_names_failed_ones(tmp_path: Path) -> None:
    found = run.run(phase(tmp_path, PASSES, FAILS, BREAKS))

    assert (found.passed, found.skipped) == (1, 0)
    assert [name.rpartition("::")[2] for name in found.failed] == ["test_b", "test_c"]
    assert [*found.reasons.values()] == ["assert 0", 'failed on setup with "ValueError"']


def test_a_phase_adds_up_the_seconds_of_each_file(tmp_path: Path) -> None:
    slow = "@pytest.fixture\ndef slow(): time.sleep(0.1)"
    tests = "def test_d(slow): pass", "class TestIt:\n def test_e(self, slow): pass"
    found = run.run(phase(tmp_path, "import time", slow, *tests))

    [(name, seconds)] = found.files.items()
    assert Path(name).name == "test_it.py"
    assert seconds > 0.2


def test_the_slowest_files_of_all_phases_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    many = {f"tests/test_{number}.py": float(number) for number in range(20)}
    run.summary([Result("unit", 1, 1, files={"tests/a.py": 12.5}), Result("apart", files=many)], 4)

    lines = capsys.readouterr().out.splitlines()
    first = lines.index("The 10 slowest test files:") + 1
    shown = [line.split() for line in lines[first : lines.index("", first)]]
    assert shown[0] == ["apart", "19.0", "s", "tests/test_19.py"]
    assert ["unit", "12.5", "s", "tests/a.py"] in shown
    assert len(shown) == 10


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


def test_a_reason_that_failures_share_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    reasons = {"a::b": "assert 0", "a::c": "assert 0", "a::d": "timeout"}
    run.summary([Result("apart", failed=[*reasons], reasons=reasons)], 4.0)

    lines = capsys.readouterr().out.splitlines()
    begin = lines.index("FAILED apart: a::b")
    said = ["FAILED apart: a::b", "    assert 0", "FAILED apart: a::c", "FAILED apart: a::d"]
    assert lines[begin : begin + 5] == [*said, "    timeout"]


def test_a_run_without_failures_is_green() -> None:
    assert run.summary([Result("unit", 2.0, 5)], 2.0) == 0


def test_every_file_of_tests_is_in_a_phase() -> None:
    given = {Path(each) for phase in run.phases() for each in phase.arguments}
    files = Path(run.__file__).parent.glob("*/**/test_*.py")
    assert [file for file in files if not given & {file, *file.parents}] == []
