"""`make guards-page`: writes the list of guards as docs/guards.md."""

from tests.guards.guards import ROOT, Guard, chapters

PAGE = ROOT / "docs" / "guards.md"
_INTRODUCTION = """\
# Guards

What the product promises rests on small pieces of code: a lock, a condition, a comparison. A test
that passes with such a guard proves nothing until it has failed without it. `make guards` takes
each guard out, one after the other, in a copy of the house and in the test database, and runs the
tests named here: each of them must fail, after all have passed with every guard in place.
`make guards ARGS=word` does it for guards and promises with that word. The list is
`tests/guards/*.toml`; this page is made from it.
"""


def page() -> str:
    """Write the list."""
    parts = [_INTRODUCTION]
    for chapter in chapters():
        rows = "\n".join(_row(guard) for guard in chapter.guard)
        head = "| guard | in | tests that fail without it |\n|---|---|---|"
        parts.append(f"## {chapter.promise}\n\n{head}\n{rows}\n")
    return "\n".join(parts)


def _row(guard: Guard) -> str:
    places = dict.fromkeys(f"`{cut.place.removeprefix(_SHARED)}`" for cut in guard.cuts)
    tests = [f"`{test.removeprefix('tests/').replace('.py::', ' ')}`" for test in guard.red]
    return f"| {guard.name} | {', '.join(places)} | {'<br>'.join(tests)} |"


_SHARED = "layers/shared/"

if __name__ == "__main__":
    PAGE.write_text(page())
