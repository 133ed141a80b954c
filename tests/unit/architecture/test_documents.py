"""Documents name existing paths, modules, commands, SQL functions and links."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.support.template import ROOT

_GENERATED = {"benchmarks.md", "guards.md"}
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *(path for path in sorted((ROOT / "docs").rglob("*.md")) if path.name not in _GENERATED),
]
# It names tests without their folder; test_criteria.py checks those.
WITH_PATHS = [path for path in DOCUMENTS if path.name != "criteria.md"]
RECORDS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
INDEX = ROOT / "docs" / "decisions" / "README.md"
_FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir()} | {"wingman"}
_MADE = {".local", ".aws-sam"}
_FILE = re.compile(r"[\w<>*./-]+\.(?:py|sql|md|yaml|yml|toml|json|lua|css|html|txt|sh)")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _code(document: Path) -> list[str]:
    """Return the code in backticks and indented lines."""
    text = document.read_text()
    return re.findall(r"`([^`\n]+)`", text) + re.findall(r"^ {4}(.*)$", text, re.MULTILINE)


def _words(document: Path) -> set[str]:
    return {word.strip("(),;:'\"") for piece in _code(document) for word in piece.split()}


def _is_path(word: str) -> bool:
    if word.startswith("/") or "://" in word:  # a path of the API, or a URL
        return False
    first, *rest = word.split("/")
    named = bool(rest) and first in _FOLDERS - _MADE
    return first not in _MADE and (named or _FILE.fullmatch(word) is not None)


@cache
def _exists(word: str) -> bool:
    pattern = re.sub(r"<\w+>|…", "*", word).rstrip("/")
    if any(next(base.glob(pattern), None) for base in (ROOT, ROOT / "layers" / "shared")):
        return True
    return "/" not in pattern and any(path.match(pattern) for path in _files())


@cache
def _files() -> list[Path]:
    """Return the files of the repository, without installed and built ones."""
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in sorted(_FOLDERS - _MADE - {"wingman", ".git"}):
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [path for path in found if not {"node_modules", "__pycache__"} & set(path.parts)]


@cache
def _sql() -> str:
    return "".join(path.read_text() for path in (ROOT / "supabase").rglob("*.sql"))


def _anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def _broken_links(document: Path) -> Iterator[str]:
    text = document.read_text()
    for link in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        path = (document.parent / target).resolve() if target else document
        if not path.exists() or (anchor and anchor not in _anchors(path)):
            yield link


def _wrong(documents: list[Path], faults: Callable[[Path], Iterable[str]]) -> dict[str, list[str]]:
    """Return the faults of each document that has any."""
    return {_name(path): found for path in documents if (found := sorted(faults(path)))}


def test_a_document_names_paths_that_exist() -> None:
    def missing(document: Path) -> Iterator[str]:
        return (word for word in _words(document) if _is_path(word) and not _exists(word))

    assert _wrong(WITH_PATHS, missing) == {}


def test_a_document_names_modules_that_exist() -> None:
    def missing(document: Path) -> Iterator[str]:
        for word in _words(document):
            path = "layers/shared/" + word.replace(".", "/")
            if re.fullmatch(r"wingman(\.\w+)+", word) and not (
                _exists(path) or _exists(path + ".py")
            ):
                yield word

    assert _wrong(DOCUMENTS, missing) == {}


def test_a_document_names_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    def missing(document: Path) -> set[str]:
        named = re.findall(r"\bmake ([a-z][\w-]*)", "\n".join(_code(document)))
        return set(named) - targets

    assert _wrong(DOCUMENTS, missing) == {}


def test_a_document_names_sql_that_exists() -> None:
    def missing(document: Path) -> Iterator[str]:
        named = re.findall(r"\b(?:private|public)\.\w+", " ".join(_words(document)))
        return (name for name in named if name not in _sql())

    assert _wrong(DOCUMENTS, missing) == {}


def test_a_document_links_to_what_exists() -> None:
    assert _wrong(DOCUMENTS, _broken_links) == {}


def test_the_code_refers_to_documents_that_exist() -> None:
    for path in _files():
        if path.suffix in {".py", ".sql", ".lua", ".toml", ".yaml"}:
            for name in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text()):
                assert (ROOT / name).exists(), f"{_name(path)}: {name}"


def test_a_decision_has_the_form_of_all_others() -> None:
    for record in RECORDS:
        title, blank, dated, *rest = record.read_text().splitlines()
        number = record.name.partition("-")[0]
        assert re.fullmatch(rf"# {number}\. \S.*[^.]", title), title
        assert blank == "", title
        status = r"Date: \d{4}-\d\d-\d\d · Status: (accepted|superseded by \d{3})"
        assert re.fullmatch(status, dated), title
        sections = [line for line in rest if line.startswith("#")]
        assert sections == ["## Context", "## Decision", "## Consequences"], title


def test_the_index_lists_every_decision() -> None:
    titles = {path.name: path.read_text().partition("\n")[0] for path in RECORDS}
    entries = [f"- [{title.removeprefix('# ')}]({name})" for name, title in titles.items()]
    listed = [line for line in INDEX.read_text().splitlines() if line.startswith("- ")]
    assert listed == entries


def test_the_walk_names_at_most_18_files_and_what_is_in_them() -> None:
    text = (ROOT / "docs" / "walk.md").read_text()
    steps = re.findall(r"^\d+\. `([^`]+)`: (.*(?:\n +.*)*)", text, re.MULTILINE)
    files = [name for name, _ in steps]
    assert files[0] == "functions/match_respond/app.py"
    assert "resend" in (ROOT / files[-1]).read_text()
    assert len(set(files)) == len(files) <= 18
    for name, step in steps:
        named = re.findall(r"`(\w+)`", step)
        assert named
        assert [one for one in named if one not in (ROOT / name).read_text()] == [], name
