"""The documents that newcomers read first are short, complete and up to date."""

import json
import re
from pathlib import Path

import pytest
import yaml

from local import endpoints_table
from tests.support.template import ROOT

README = ROOT / "README.md"
MAKEFILE = (ROOT / "Makefile").read_text()
IMAGES = sorted((ROOT / "docs" / "images").glob("*"))


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) <= 150


def test_the_readme_lists_the_endpoints_of_the_api_document() -> None:
    readme = README.read_text()
    assert endpoints_table.written(readme) == readme, "run `make openapi`"


def test_the_table_of_endpoints_names_every_operation() -> None:
    named = {
        (method, path)
        for methods, path in re.findall(r"`([A-Z, ]+) (/[^`]*)`", endpoints_table.table())
        for method in methods.split(", ")
    }
    document = json.loads(endpoints_table.DOCUMENT.read_text())
    assert named == {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }


def test_the_readme_links_every_page_of_docs() -> None:
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)\)", README.read_text()))
    assert pages - linked == set()


def test_the_readme_shows_a_benchmark() -> None:
    assert "docs/images/bench/" in README.read_text()


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_an_image_is_small(image: Path) -> None:
    assert image.stat().st_size <= 150_000


def test_pre_commit_runs_the_pieces_of_make_check() -> None:
    pieces = re.search(r"^check: ([\w -]+?) ##", MAKEFILE, re.MULTILINE)
    assert pieces is not None
    configured = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook["entry"] for repo in configured["repos"] for hook in repo["hooks"]]
    assert hooks == [f"make {piece}" for piece in pieces[1].split()]


def test_ci_runs_the_two_commands() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert ".ci/run" in [step.get("run") for step in steps]
    commands = (ROOT / ".ci" / "run").read_text().splitlines()
    assert "make check" in commands
    assert any(re.match(r"make test\b", line) for line in commands)
