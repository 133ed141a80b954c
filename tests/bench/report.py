"""docs/benchmarks.md: one section for each bench, replaced when the bench runs again."""

import re

from tests.support.template import ROOT

REPORT = ROOT / "docs" / "benchmarks.md"
HEADER = "# Benchmarks\n\nWritten by `make bench`; every figure is a ratio or a count of one run.\n"


def write(*sections: str) -> None:
    """Put sections into the report, each in the place of the one with the same title."""
    known = _sections(REPORT.read_text()) if REPORT.exists() else {}
    for section in sections:
        known |= _sections(section)
    REPORT.write_text("\n".join([HEADER, *(known[title] for title in sorted(known))]))


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    return {part.splitlines()[0]: part.rstrip() + "\n" for part in parts if part.startswith("## ")}
