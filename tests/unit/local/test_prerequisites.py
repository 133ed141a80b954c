from pathlib import Path

import pytest

from local import prerequisites

PRESENT = prerequisites.Need("Node", lambda: True, "nodejs", "node")


def a_program(folder: Path, name: str) -> Path:
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_a_browser_is_found_on_the_path_or_where_it_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = a_program(tmp_path, "google-chrome")
    elsewhere = a_program(tmp_path, "my-chrome")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert prerequisites.chromium() == str(installed)

    monkeypatch.setenv("CHROMIUM", str(elsewhere))
    assert prerequisites.chromium() == str(elsewhere)


def test_without_a_browser_the_rest_is_set_up_and_a_note_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(prerequisites, "_BROWSERS", ("chromium",))
    monkeypatch.setattr(prerequisites, "NEEDS", ())
    monkeypatch.setattr(prerequisites, "_OWN_CHOICE", PRESENT)

    assert prerequisites.main() == 0

    told = capsys.readouterr().err
    assert "no Chromium" in told
    assert "CHROMIUM=" in told
