"""The list of guards, their places, and the code without them."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCHEMAS = "supabase/schemas"
# These tests need no stack, or create their own database.
_ALONE = ("tests/unit/", "tests/integration/test_database_")
_SQL_NAME = re.compile(r"(public|private)\.[a-z_]+")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cut(_Strict):
    """A removal in one place: a file, or an SQL function or view (`schema.name`)."""

    place: str
    remove: str
    by: str = ""

    @property
    def is_sql(self) -> bool:
        return _SQL_NAME.fullmatch(self.place) is not None


class Guard(Cut):
    """A guard, and the tests that each fail without it.

    `also`: other guards to remove at the same time, because each would cover for the other.
    """

    name: str
    red: Sequence[str] = Field(min_length=1)
    also: Sequence[Cut] = ()

    @property
    def cuts(self) -> Sequence[Cut]:
        return [Cut(place=self.place, remove=self.remove, by=self.by), *self.also]

    @property
    def shares_the_stack(self) -> bool:
        """Return whether its tests share the stack: only one such guard is removed at a time."""
        return not all(test.startswith(_ALONE) for test in self.red)


class Chapter(_Strict):
    promise: str
    guard: Sequence[Guard]


@cache
def chapters() -> Sequence[Chapter]:
    """Read the list: one file for each promise, ordered by file name."""
    files = sorted(HERE.glob("*.toml"))
    return [Chapter.model_validate(tomllib.loads(path.read_text())) for path in files]


def guards(word: str = "") -> Sequence[Guard]:
    """Return the guards with this word in their name or promise; without a word, all."""
    return [
        guard
        for chapter in chapters()
        for guard in chapter.guard
        if word.lower() in f"{chapter.promise}\n{guard.name}".lower()
    ]


def file_of(cut: Cut, root: Path = ROOT) -> Path:
    """Return the file that a cut changes; for SQL, the one that defines the function or view."""
    if not cut.is_sql:
        return root / cut.place
    found = [
        path
        for path in sorted((root / SCHEMAS).glob("*.sql"))
        if _definitions(cut, path.read_text())
    ]
    if len(found) != 1:
        raise ValueError(f"{cut.place} is defined in {len(found)} files of {SCHEMAS}, not in one")
    return found[0]


def without(cut: Cut, text: str) -> str:
    """Return a file's text without the guard; raise ValueError unless it occurs exactly once."""
    start, end = _span(cut, text)
    if (count := text.count(cut.remove, start, end)) != 1:
        raise ValueError(f"{cut.place} has this text {count} times, not once:\n{cut.remove}")
    return text[:start] + text[start:end].replace(cut.remove, cut.by) + text[end:]


def definition(cut: Cut, text: str) -> str:
    """Return the statement that redefines the cut's SQL function or view in a database."""
    start, end = _span(cut, text)
    return text[start:end].replace("create ", "create or replace ", 1)


def applied(cuts: Sequence[Cut], root: Path = ROOT) -> Mapping[Path, str]:
    """Return the files that some cuts change, with their text after all cuts."""
    texts: dict[Path, str] = {}
    for cut in cuts:
        path = file_of(cut, root)
        texts[path] = without(cut, texts.get(path) or path.read_text())
    return texts


def _definitions(cut: Cut, text: str) -> Sequence[re.Match[str]]:
    if cut.place not in text:  # faster than the expressions below
        return []
    name = re.escape(cut.place)
    function = rf"create function {name}\(.*?\n\$\$;\n"
    view = rf"create view {name} as\n.*?;\n"
    return list(re.finditer(f"{function}|{view}", text, re.DOTALL))


def _span(cut: Cut, text: str) -> tuple[int, int]:
    return _definitions(cut, text)[-1].span() if cut.is_sql else (0, len(text))
