"""Draws bar charts as SVG, for light and dark pages, with all numbers as text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _MARGIN = 720, 20
_NAMES, _BARS = 200, 380  # column widths; the rest is for the numbers
_LINE, _HEIGHT, _GAP = 22, 14, 14
# Okabe and Ito's colours, safe for colour blindness; the lighter of each pair is for dark pages.
_COLOURS = (("#0072b2", "#56b4e9"), ("#d55e00", "#e69f00"), ("#00795a", "#3fc79a"))
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.group { font-weight: 600 }
.ground { fill: #ffffff; stroke: #d1d9e0 }
"""
_DARK = """\
text { fill: #f0f6fc }
.ground { fill: #0d1117; stroke: #3d444d }
"""
_NUMBER = re.compile(r"-?\d[\d ,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Bar:
    """A cell of a table, under the name of its column or row."""

    name: str
    text: str

    @property
    def value(self) -> float:
        return number(self.text)


@dataclass(frozen=True)
class Chart:
    """Groups of bars by their titles; with `one_scale`, all groups share a scale."""

    title: str
    groups: Sequence[tuple[str, Sequence[Bar]]]
    one_scale: bool

    @property
    def names(self) -> Sequence[str]:
        return list(dict.fromkeys(bar.name for _, bars in self.groups for bar in bars))


def number(text: str) -> float:
    """Return the first number of a cell: `1 000`, `96.2%`, `3.4 s`."""
    found = _NUMBER.search(text)
    if found is None:
        raise ValueError(f"{text!r} has no number to draw")
    return float(re.sub(r"[ ,]", "", found[0]))


def draw(chart: Chart) -> str:
    body = [*_body(chart)]
    height = _MARGIN + _LINE * len(body) + _GAP * len(chart.groups) + _MARGIN // 2
    lines = [text for line in _placed(body) for text in line]
    return "\n".join(
        (
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"'
                f' width="{_WIDTH}" height="{height}" role="img" aria-labelledby="title numbers">'
            ),
            f'<title id="title">{escape(chart.title)}</title>',
            f'<desc id="numbers">{escape(described(chart))}</desc>',
            f"<style>{_STYLE}{_fills(0)}",
            f"@media (prefers-color-scheme: dark) {{\n{_DARK}{_fills(1)}}}</style>",
            (
                f'<rect class="ground" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}"'
                ' rx="6"/>'
            ),
            *lines,
            "</svg>\n",
        )
    )


def described(chart: Chart) -> str:
    """Return every number of a chart as a sentence."""
    return " ".join(
        f"{title}: {', '.join(f'{bar.name} {bar.text}' for bar in bars)}."
        for title, bars in chart.groups
    )


# A line of the picture: a heading of some class, or a bar with its colour and length.
_Line = tuple[str, str] | tuple[Bar, int, float]


def _body(chart: Chart) -> Iterator[_Line]:
    yield "title", chart.title
    most = max(bar.value for _, bars in chart.groups for bar in bars)
    for title, bars in chart.groups:
        yield "group", title
        whole = most if chart.one_scale else max(bar.value for bar in bars)
        for bar in bars:
            yield bar, chart.names.index(bar.name), bar.value / whole if whole else 0


def _placed(body: Sequence[_Line]) -> Iterator[Sequence[str]]:
    y = _MARGIN
    for line in body:
        y += _GAP if line[0] == "group" else 0
        yield _heading(y, *line) if len(line) == 2 else _bar(y, *line)
        y += _LINE


def _heading(y: int, kind: str, text: str) -> Sequence[str]:
    return [_text(_MARGIN, y, text, kind)]


def _bar(y: int, bar: Bar, colour: int, share: float) -> Sequence[str]:
    left, width = _MARGIN + _NAMES, round(share * _BARS, 1)
    # A bar of length 0 is drawn as a line, so that it does not look missing.
    shape = f'x="{left}" y="{y - 7}" width="{max(width, 1)}" height="{_HEIGHT}" rx="2"'
    return [
        _text(_MARGIN, y, bar.name),
        f'<rect class="bar c{colour % len(_COLOURS)}" {shape}/>',
        _text(left + width + 8, y, bar.text, "number"),
    ]


def _text(x: float, y: int, text: str, kind: str = "name") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y + 4}">{escape(text)}</text>'


def _fills(shade: int) -> str:
    return "".join(f".c{n} {{ fill: {pair[shade]} }}\n" for n, pair in enumerate(_COLOURS))
