"""Tests that a list or a page names."""

import ast
from functools import cache
from pathlib import Path


@cache
def names_of_tests(path: Path) -> set[str]:
    """Return the names of the tests at the top level of a file."""
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
