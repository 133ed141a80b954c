"""The layers contain every package that functions import."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.support.template import ROOT, functions


def _pinned(layer: str) -> set[str]:
    lines = (ROOT / "layers" / layer / "requirements.txt").read_text().splitlines()
    return {re.split(r"[=\[;]", line)[0].strip().lower().replace("_", "-") for line in lines}


PINNED = _pinned("dependencies")
# Layers for a single function, by the domain that imports their packages.
OWN = {"coach": _pinned("coach"), "graph": _pinned("graphql"), "photos": _pinned("images")}
RUNS_ON_LAMBDA = sorted(
    [*(ROOT / "layers" / "shared" / "wingman").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
)


@cache
def _distributions() -> Mapping[str, list[str]]:
    """Map packages to distributions; cached, because this opens every installed file."""
    return packages_distributions()


def _imported(path: Path) -> Iterator[str]:
    """Yield the top-level packages of all imports, including those inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_every_package_that_is_imported_is_in_the_layer() -> None:
    missing = {str(path.relative_to(ROOT)): list(_missing(path)) for path in RUNS_ON_LAMBDA}
    assert {name: packages for name, packages in missing.items() if packages} == {}


def _missing(path: Path) -> Iterator[str]:
    """Yield the packages that a file imports and no requirements.in of its layers provides."""
    brought = PINNED.union(*(pins for domain, pins in OWN.items() if domain in path.parts))
    for package in set(_imported(path)) - sys.stdlib_module_names - {"wingman"}:
        names = {name.lower().replace("_", "-") for name in _distributions()[package]}
        if not names & brought:
            yield package


def test_no_package_is_in_two_layers() -> None:
    layers = [PINNED, *OWN.values()]
    assert len(set().union(*layers)) == sum(map(len, layers))


def test_an_extra_layer_belongs_to_one_function() -> None:
    has = {name: each["Layers"] for name, each in functions().items() if "Layers" in each}
    assert has == {
        "coach": [{"Ref": "CoachLayer"}],
        "graphql": [{"Ref": "GraphqlLayer"}],
        "photo_processor": [{"Ref": "ImagesLayer"}],
    }
