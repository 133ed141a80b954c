"""Every read of a repository is marked as idempotent, so that it is retried."""

import ast
from collections.abc import Iterator

import pytest

from tests.support.template import ROOT


def _calls() -> Iterator[tuple[str, object]]:
    """Yield the SQL functions that repositories call, and their `idempotent` argument."""
    for path in sorted((ROOT / "layers" / "shared" / "wingman").rglob("*repository.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_call":
                name = ast.literal_eval(node.args[1])
                keywords = {word.arg: word.value for word in node.keywords}
                yield name, getattr(keywords["idempotent"], "value", None)


READS = [call for call in _calls() if call[0].startswith(("get_", "list_"))]


def test_the_reads_are_found() -> None:
    assert len(READS) >= 12


@pytest.mark.parametrize(("function", "idempotent"), READS)
def test_a_read_may_be_repeated(function: str, idempotent: object) -> None:
    assert idempotent is True, function
