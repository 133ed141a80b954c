"""An interpreter of the runtime's version is found wherever it usually is."""

import sys
from pathlib import Path

import pytest

from local.package.interpreter import interpreter

VERSION = "9.9"  # no machine has it


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))


def program(path: Path, script: str = f"echo {VERSION}") -> Path:
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_running_interpreter_comes_first() -> None:
    assert interpreter(f"{sys.version_info.major}.{sys.version_info.minor}") == Path(sys.executable)


@pytest.mark.parametrize(
    "place",
    [
        "path/python9.9",
        "pyenv/versions/9.9.1/bin/python9.9",
        "uv/cpython-9.9.1-linux-x86_64-gnu/bin/python9.9",
    ],
)
def test_an_interpreter_is_found(tmp_path: Path, place: str) -> None:
    assert interpreter(VERSION) is None
    there = program(tmp_path / place)
    assert interpreter(VERSION) == there


def test_a_shim_without_its_version_is_skipped(tmp_path: Path) -> None:
    program(tmp_path / "path/python9.9", "echo 'python9.9: command not found' >&2; exit 127")
    there = program(tmp_path / "pyenv/versions/9.9.1/bin/python9.9")
    assert interpreter(VERSION) == there


def test_a_name_is_not_trusted(tmp_path: Path) -> None:
    program(tmp_path / "path/python9.9", "echo 3.10")
    assert interpreter(VERSION) is None
