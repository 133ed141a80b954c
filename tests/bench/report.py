"""docs/benchmarks.md: one section for each bench, replaced when the bench runs again.

`make charts` redraws its pictures from its numbers.
"""

import re

from tests.bench.pictures import draw_all, illustrated
from tests.support.template import ROOT

REPORT = ROOT / "docs" / "benchmarks.md"
HEADER = "# Benchmarks\n\nWritten by `make bench`; every figure is a ratio or a count of one run.\n"


def write(*sections: str) -> None:
    """Write sections into the report; each replaces the one with the same title."""
    known = read()
    for section in sections:
        known |= _sections(section)
    draw_all(known)
    REPORT.write_text("\n".join([HEADER, *(illustrated(known[title]) for title in sorted(known))]))


def read() -> dict[str, str]:
    """Return the sections of the report by their headings."""
    return _sections(REPORT.read_text()) if REPORT.exists() else {}


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    return {part.splitlines()[0]: part.rstrip() + "\n" for part in parts if part.startswith("## ")}


if __name__ == "__main__":
    write()
