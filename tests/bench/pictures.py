"""The charts of docs/benchmarks.md, drawn from the numbers of its tables.

`make charts` redraws them without running a bench.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from tests.bench.charts import Bar, Chart, draw
from tests.support.template import ROOT

FOLDER = ROOT / "docs" / "images" / "bench"
_LINK = "images/bench/"


@dataclass(frozen=True)
class Picture:
    """A chart of a section's table; tables are numbered from 0.

    Each row, or each column, is a group of bars. `columns` selects columns and renames them.
    """

    name: str
    section: str
    table: int
    title: str
    columns: dict[str, str] = field(default_factory=dict)
    by_column: bool = False
    one_scale: bool = True

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.svg"

    @property
    def line(self) -> str:
        return f"![{self.title}: the numbers of the table above, as bars]({_LINK}{self.name}.svg)"

    def chart(self, table: Sequence[Sequence[str]]) -> Chart:
        head, *rows = table
        drawn = self.columns or {column: column for column in head[1:]}
        cells = {
            (row[0], name): row[head.index(column)]
            for row in rows
            for column, name in drawn.items()
        }
        groups: dict[str, list[Bar]] = {}
        for (row, name), cell in cells.items():
            group, bar = (name, row) if self.by_column else (_titled(head[0], row), name)
            groups.setdefault(group, []).append(Bar(bar, cell))
        return Chart(self.title, [*groups.items()], self.one_scale)


PICTURES = (
    Picture(
        "breaker",
        "Breaker",
        0,
        "Calls that failed at a dead dependency, by containers",
        {"ours": "ours", "Powertools'": "Powertools'", "eager": "Powertools', eager"},
    ),
    Picture("claims", "Claims", 0, "Buffers for 100 emails, by emails in the outbox"),
    Picture(
        "discovery",
        "Discovery",
        1,
        "A list of discovery among a million profiles: CPU time, ms",
        {"CPU": "the list", "radius first: CPU": "radius first"},
    ),
    Picture(
        "exposure",
        "Exposure",
        0,
        "How evenly profiles are shown",
        {
            "Gini": "Gini coefficient",
            "most views on a day": "most views of a profile on a day",
            "beyond the cap": "views beyond the cap",
            "new": "views of newcomers in their first week",
        },
        by_column=True,
        one_scale=False,
    ),
    Picture(
        "discovery-growth", "Growth of discovery", 0, "Buffers of a list of discovery, by profiles"
    ),
    Picture("limiter", "Limiter", 0, "Our limiter beside upstash-ratelimit", one_scale=False),
    Picture("realtime", "Realtime", 0, "A message over WebSocket, in empty invocations"),
    Picture("sending", "Sending", 1, "From a request to its answer, and to its email"),
)


def tables(section: str) -> list[list[list[str]]]:
    """Return the cells of each table, the heads first, without Markdown's marks."""
    return [[_cells(line) for n, line in enumerate(lines) if n != 1] for lines in _blocks(section)]


def illustrated(section: str) -> str:
    """Insert a section's pictures below their tables, and replace older ones."""
    lines = _without_pictures(section).splitlines()
    title = lines[0].removeprefix("## ")
    of_table = {one.table: one for one in PICTURES if one.section == title}
    return "\n".join([*_with_pictures(lines, of_table), ""])


def draw_all(sections: dict[str, str]) -> None:
    """Write the pictures of all sections that exist."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for one in PICTURES:
        if section := sections.get(f"## {one.section}"):
            one.file.write_text(draw(one.chart(tables(section)[one.table])))


def _without_pictures(section: str) -> str:
    return re.sub(rf"\n\n!\[[^\]]*\]\({_LINK}[^)]*\)$", "", section, flags=re.MULTILINE)


def _with_pictures(lines: Sequence[str], of_table: dict[int, Picture]) -> Iterator[str]:
    table = -1
    for in_table, block in groupby(lines, key=lambda line: line.startswith("|")):
        yield from block
        table += in_table
        if in_table and table in of_table:
            yield from ("", of_table[table].line)


def _titled(head: str, row: str) -> str:
    return f"{head}: {row}" if head else row


def _blocks(section: str) -> Iterator[list[str]]:
    for in_table, block in groupby(section.splitlines(), key=lambda line: line.startswith("|")):
        if in_table:
            yield list(block)


def _cells(line: str) -> list[str]:
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line).replace("`", "")
    return [cell.strip() for cell in plain.strip().strip("|").split("|")]
