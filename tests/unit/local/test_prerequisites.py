from pathlib import Path

import pytest

from local import prerequisites

PRESENT = prerequisites.Need("Node", lambda: True, "nodejs", "node")


def a_program(folder: Path, name: str, says: str = "") -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
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

    said = capsys.readouterr().err
    assert "no Chromium" in said
    assert "CHROMIUM=" in said


def test_postgis_must_belong_to_the_postgresql_that_will_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_program(tmp_path, "initdb")
    a_program(tmp_path, "postgres", "postgres (PostgreSQL) 17.2")
    a_program(tmp_path, "pg_config", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    [need] = [need for need in prerequisites.NEEDS if need.title.startswith("PostGIS")]
    assert prerequisites.postgres_programs() == tmp_path
    assert not need.present()

    (tmp_path / "extension").mkdir()
    (tmp_path / "extension" / "postgis.control").touch()
    assert need.present()


def test_plpgsql_check_belongs_to_the_postgresql_that_will_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_program(tmp_path, "initdb")
    a_program(tmp_path, "postgres", "postgres (PostgreSQL) 17.2")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    packages = [extra.need.debian for extra in prerequisites._extras()]
    assert "postgresql-17-plpgsql-check" in packages


def test_a_missing_program_is_named_with_advice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = prerequisites.Need("PostGIS", lambda: False, "postgis", "postgis", "change the PATH")
    monkeypatch.setattr(prerequisites, "NEEDS", (absent,))
    monkeypatch.setattr(prerequisites, "_OWN_CHOICE", PRESENT)
    monkeypatch.setattr(prerequisites, "install", lambda missing: None)

    assert prerequisites.main() == 1

    assert "missing: PostGIS: change the PATH" in capsys.readouterr().err
