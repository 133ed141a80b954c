"""The docstring of a short function adds to its name, parameters and types."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.support.template import ROOT

# Words without information: verbs that fit any function, and grammatical words.
_EMPTY = re.findall(
    r"\w+",
    "a all an and any are as at be by call do each every for from get give given has have if in is"
    " it its let list make may of on one or out own read return run set take that the them then"
    " there this to what where whether which with write yield",
)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _words(text: str) -> set[str]:
    """Return the words of a text; names are split, and plurals become singular."""
    found = re.findall(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}", text)
    return {word.lower().removesuffix("s") for word in found if word.lower() not in _EMPTY}


def _functions(tree: ast.AST, around: str = "") -> Iterator[tuple[str, Function]]:
    for node in ast.iter_child_nodes(tree):
        name = f"{around}.{getattr(node, 'name', '')}"
        if isinstance(node, Function):
            yield name, node
        yield from _functions(node, name if isinstance(node, ast.ClassDef) else around)


def repeating(source: str) -> Iterator[str]:
    """Yield the one-statement functions whose docstring adds at most one word."""
    for name, function in _functions(ast.parse(source)):
        said = ast.get_docstring(function)
        types = [ast.unparse(part) for part in (function.args, function.returns) if part]
        given = " ".join([name, *types])
        if said and len(function.body) <= 2 and len(_words(said) - _words(given)) <= 1:
            yield name


def test_a_docstring_does_not_repeat_a_signature() -> None:
    # functions/ is left out: docstrings of endpoints are part of the API document.
    paths = [*(ROOT / "layers" / "shared").rglob("*.py"), *(ROOT / "local").rglob("*.py")]
    own = [path for path in paths if "node_modules" not in path.parts]
    found = {str(path.relative_to(ROOT)): [*repeating(path.read_text())] for path in own}
    assert {name: functions for name, functions in found.items() if functions} == {}


@pytest.mark.parametrize(
    ("docstring", "repeats"),
    [
        ("Return the profile of a user.", True),
        ("Get the caller's profile.", True),
        ("Return the profile of a user, without photos.", False),
        ("Raise ProfileNotFound for a hidden user.", False),
    ],
)
def test_the_rule_finds_a_repetition(docstring: str, *, repeats: bool) -> None:
    source = f'def profile(user_id: UUID) -> Profile:\n    """{docstring}"""\n    return found'
    assert list(repeating(source)) == ([".profile"] if repeats else [])
