"""Linters of OpenAPI documents find nothing in ours, neither errors nor warnings."""

import json
from pathlib import Path

import pytest

from tests.support.contract import DOCUMENT
from tests.support.contract_tools import HERE, run

OURS = Path("functions/docs/openapi.json").absolute()


def redocly(document: Path) -> str:
    return run("redocly", "lint", document, "--config", HERE / "redocly.yaml")


def spectral(document: Path) -> str:
    rules = HERE / "spectral.yaml"
    return run("spectral", "lint", document, "--ruleset", rules, "--fail-severity", "hint")


def test_redocly_finds_nothing() -> None:
    assert "is valid" in redocly(OURS)


def test_spectral_finds_nothing() -> None:
    assert "No results" in spectral(OURS)


@pytest.mark.parametrize("linter", [redocly, spectral])
def test_a_linter_finds_an_example_that_its_schema_refuses(linter: object, tmp_path: Path) -> None:
    faulty = json.loads(json.dumps(DOCUMENT))
    operation = faulty["paths"]["/api/matches"]["get"]
    faulty["paths"] = {"/api/matches": {"get": operation}}  # halves the time of a linter
    answer = operation["responses"]["200"]
    answer["content"]["application/json"]["example"] = {"matches": []}
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(faulty))
    assert callable(linter)
    with pytest.raises(AssertionError, match="next_cursor"):
        linter(document)
