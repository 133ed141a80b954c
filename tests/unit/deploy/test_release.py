"""A changed parameter changes the text by which SAM decides to publish a version."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.deploy.release import VARIABLE, written
from tests.support.template import ROOT, template


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text((ROOT / "template.yaml").read_text())
    return tmp_path


def common(path: Path) -> dict[str, Any]:
    read = json.loads(path.read_text())
    variables: dict[str, Any] = read["Globals"]["Function"]["Environment"]["Variables"]
    return variables


def test_a_rotated_secret_has_another_name(package: Path) -> None:
    first, second = (written(package, {"SecretsVersion": version}) for version in "12")
    assert common(first)[VARIABLE] != common(second)[VARIABLE]
    assert common(first) | {VARIABLE: ""} == common(second) | {VARIABLE: ""}


def test_the_same_parameters_change_nothing(package: Path) -> None:
    parameters = {"Version": "1", "SecretsVersion": "2"}
    first = written(package, parameters).read_text()
    assert written(package, dict(reversed(parameters.items()))).read_text() == first


def test_the_template_that_others_read_stays_as_it_is(package: Path) -> None:
    written(package, {})
    assert VARIABLE not in template()["Globals"]["Function"]["Environment"]["Variables"]
