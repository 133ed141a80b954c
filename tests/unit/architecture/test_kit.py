"""kit mentions no domain in imports, names, strings or comments."""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.support.template import ROOT

WINGMAN = ROOT / "layers" / "shared" / "wingman"
KIT = WINGMAN / "kit"
# `status` does not count as a domain: it reads from all of them, and the word belongs to HTTP.
NO_DOMAIN = {"kit", "status"}
DOMAINS = {
    path.parent.name
    for path in WINGMAN.rglob("__init__.py")
    if (inside := path.parent.relative_to(WINGMAN).parts)
    and inside[0] not in NO_DOMAIN
    and (len(inside) == 1 or (path.parent / "errors.py").exists())  # a separate channel
}


def _packages(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def _imported(paths: Iterable[Path]) -> set[str]:
    return {package for path in paths for package in _packages(path)} - sys.stdlib_module_names


VENDORS = _imported(
    path for domain in DOMAINS for path in (WINGMAN / domain).rglob("*.py")
) - _imported(KIT.rglob("*.py"))
WORDS = {*DOMAINS, *(f"{domain.removesuffix('s')}s" for domain in DOMAINS), *VENDORS}


# Python 3.12 splits f-strings into parts.
_TEXT = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def _said(source: str) -> Iterator[str]:
    """Yield our own names, strings and comments.

    A foreign module (`email.parser`) or attribute (`route.matches`) is not ours.
    """
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        foreign = before == "." or ("wingman" not in token.line and "import " in token.line)
        if token.type in _TEXT or (token.type == tokenize.NAME and not foreign):
            yield token.string
        before = token.string


def _words(path: Path) -> set[str]:
    text = path.read_text()
    said = " ".join(_said(text)) if path.suffix == ".py" else text
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", said)}


def test_kit_names_no_domain() -> None:
    assert {"matches", "sessions", "coach", "email", "emails", "anthropic", "resend"} <= WORDS
    paths = [path for path in KIT.rglob("*") if path.suffix in {".py", ".lua"}]
    found = {path.relative_to(KIT).as_posix(): _words(path) & WORDS for path in paths}
    assert {name: words for name, words in found.items() if words} == {}
