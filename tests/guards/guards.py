"""A guard, its place, and the code without it."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCHEMAS = "supabase/schemas"
# These tests need nothing, or make a database of their own.
_ALONE = ("tests/unit/", "tests/integration/test_database_")
_SQL_NAME = re.compile(r"(public|private)\.[a-z_]+")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cut(_Strict):
    """One place: a file, or an SQL function or view (`schema.name`)."""

    place: str
    remove: str
    by: str = ""

    @property
    def is_sql(self) -> bool:
        return _SQL_NAME.fullmatch(self.place) is not None


class Guard(Cut):
    """One guard, and the tests of which each fails without it.

    `also`: more places, where one guard alone is covered by another one.
    """

    name: str
    red: Sequence[str] = Field(min_length=1)
    also: Sequence[Cut] = ()

    @property
    def cuts(self) -> Sequence[Cut]:
        return [Cut(place=self.place, remove=self.remove, by=self.by), *self.also]

    @property
    def shares_the_stack(self) -> bool:
        """Say whether its tests use what other tests use: one such guard is out at a time."""
        return not all(test.startswith(_ALONE) for test in self.red)


class Chapter(_Strict):
    promise: str
    guard: Sequence[Guard]


@cache
def chapters() -> Sequence[Chapter]:
    """Read the list: one file for each promise, in the order of their names."""
    files = sorted(HERE.glob("*.toml"))
    return [Chapter.model_validate(tomllib.loads(path.read_text())) for path in files]


def guards(word: str = "") -> Sequence[Guard]:
    """Return all of them, or those with this word in their name or promise."""
    return [
        guard
        for chapter in chapters()
        for guard in chapter.guard
        if word.lower() in f"{chapter.promise}\n{guard.name}".lower()
    ]


def file_of(cut: Cut, root: Path = ROOT) -> Path:
    """Find the file that a cut changes: in SQL, the one that defines the place."""
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
    """Return a file's text without the guard. Raises ValueError unless that is there once."""
    start, end = _span(cut, text)
    if (count := text.count(cut.remove, start, end)) != 1:
        raise ValueError(f"{cut.place} has this {count} times, not once:\n{cut.remove}")
    return text[:start] + text[start:end].replace(cut.remove, cut.by) + text[end:]


def definition(cut: Cut, text: str) -> str:
    """Return the statement that redefines the cut's SQL function or view in a database."""
    start, end = _span(cut, text)
    return text[start:end].replace("create ", "create or replace ", 1)


def applied(cuts: Sequence[Cut], root: Path = ROOT) -> Mapping[Path, str]:
    """Return what the files of some cuts hold after all of them."""
    texts: dict[Path, str] = {}
    for cut in cuts:
        path = file_of(cut, root)
        texts[path] = without(cut, texts.get(path) or path.read_text())
    return texts


def _definitions(cut: Cut, text: str) -> Sequence[re.Match[str]]:
    name = re.escape(cut.place)
    function = rf"create function {name}\(.*?\n\$\$;\n"
    view = rf"create view {name} as\n.*?;\n"
    return list(re.finditer(f"{function}|{view}", text, re.DOTALL))


def _span(cut: Cut, text: str) -> tuple[int, int]:
    return _definitions(cut, text)[-1].span() if cut.is_sql else (0, len(text))
