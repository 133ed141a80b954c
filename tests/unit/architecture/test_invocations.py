"""Every handler works inside `invocation`, which sets ids and traces, and reports errors."""

import ast
from pathlib import Path

import pytest

from tests.support.template import ROOT

APPS = sorted((ROOT / "functions").glob("*/app.py"))
# Both enter `kit.invocation.invocation`; each has a test of that.
FRAMES = {"invocation", "lambda_handler"}


@pytest.mark.parametrize("path", APPS, ids=lambda path: path.parent.name)
def test_all_that_may_fail_in_a_handler_is_in_the_frame(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assigned = [
        node.value.func.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "handler"
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
    ]
    defined = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "handler"
    ]
    assert len(assigned) + len(defined) == 1
    assert set(assigned) <= FRAMES
    for handler in defined:
        outside = [node for node in handler.body if not _is_frame(node)]
        assert any(_is_frame(node) for node in handler.body), "with invocation(event, context):"
        assert [ast.unparse(node) for node in outside if _calls(node)] == []


def _is_frame(node: ast.stmt) -> bool:
    return isinstance(node, ast.With) and ast.unparse(node.items[0].context_expr).startswith(
        "invocation(event, context)"
    )


def _calls(node: ast.stmt) -> bool:
    return any(isinstance(each, ast.Call) for each in ast.walk(node))
