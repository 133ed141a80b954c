"""What the functions import is what their layer brings."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.support.template import ROOT

PINNED = {
    re.split(r"[=\[;]", line)[0].strip().lower().replace("_", "-")
    for line in (ROOT / "layers" / "dependencies" / "requirements.txt").read_text().splitlines()
    if line.strip()
}
RUNS_ON_LAMBDA = sorted(
    [*(ROOT / "layers" / "shared" / "wingman").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
)


def _imported(path: Path) -> Iterator[str]:
    """Yield the top-level packages of every import, also of one inside a function."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", RUNS_ON_LAMBDA, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_package_that_is_imported_is_in_the_layer(path: Path) -> None:
    distributions = packages_distributions()
    for package in set(_imported(path)) - sys.stdlib_module_names - {"wingman"}:
        names = {name.lower().replace("_", "-") for name in distributions[package]}
        assert names & PINNED, f"{package} is not in layers/dependencies/requirements.in"
