"""`make guards-page`: writes the list of guards as docs/guards.md."""

from collections.abc import Iterator
from itertools import groupby

from tests.guards.guards import ROOT, Guard, chapters

PAGE = ROOT / "docs" / "guards.md"
_INTRODUCTION = """\
# Guards

The promises of the product depend on guards, small pieces of code: a lock, a condition, a
comparison. A test of a guard proves nothing until it has failed without the guard. `make guards`
removes each guard from a copy of the repository and from the test database, and runs the tests that
are named here: all pass with every guard in place, and each fails without its own. Where one guard
covers for another, both are removed. `make guards ARGS=word` checks only the guards and promises
with that word. This page is generated from the list in `tests/guards/*.toml`.
"""


def page() -> str:
    parts = [_INTRODUCTION]
    for chapter in chapters():
        rows = "\n".join(_row(guard) for guard in chapter.guard)
        head = "| guard | in | tests that fail without it |\n|---|---|---|"
        parts.append(f"## {chapter.promise}\n\n{head}\n{rows}\n")
    return "\n".join(parts)


def _row(guard: Guard) -> str:
    places = dict.fromkeys(f"`{cut.place.removeprefix(_SHARED)}`" for cut in guard.cuts)
    return f"| {guard.name} | {', '.join(places)} | {'<br>'.join(_tests(guard))} |"


def _tests(guard: Guard) -> Iterator[str]:
    """Name each test once, with those of its cases that are meant."""
    for test, named in groupby(guard.red, key=lambda one: one.partition("[")[0]):
        cases = [case for one in named if (case := one.partition("[")[2].removesuffix("]"))]
        name = f"`{test.removeprefix('tests/').replace('.py::', ' ')}`"
        yield f"{name}: {', '.join(cases)}" if cases else name


_SHARED = "layers/shared/"

if __name__ == "__main__":
    PAGE.write_text(page())
