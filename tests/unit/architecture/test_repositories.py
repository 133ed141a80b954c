"""Every read in a repository is marked as idempotent, so that it is retried."""

import ast
from collections.abc import Iterator

from tests.support.template import ROOT


def _calls() -> Iterator[tuple[str, object]]:
    """Yield the SQL functions that repositories call, and their `idempotent` argument."""
    for path in sorted((ROOT / "layers" / "shared" / "wingman").rglob("*repository.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_call":
                name = ast.literal_eval(node.args[1])
                keywords = {word.arg: word.value for word in node.keywords}
                yield name, getattr(keywords["idempotent"], "value", None)


def test_a_read_may_be_repeated() -> None:
    reads = [call for call in _calls() if call[0].startswith(("get_", "list_"))]
    assert len(reads) >= 12
    assert [function for function, idempotent in reads if idempotent is not True] == []
