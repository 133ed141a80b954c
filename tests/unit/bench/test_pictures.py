"""The charts of docs/benchmarks.md show the numbers of its tables, and are readable."""

import re
import xml.etree.ElementTree as ET
from itertools import groupby

import pytest

from tests.bench.charts import Bar, Chart, draw, number
from tests.bench.pictures import FOLDER, PICTURES, Picture, draw_all, illustrated
from tests.bench.report import REPORT
from tests.support.chart import linear

SVG = "{http://www.w3.org/2000/svg}"
EACH = pytest.mark.parametrize("picture", PICTURES, ids=[one.name for one in PICTURES])


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own file


def cells(picture: Picture) -> list[str]:
    """Return the cells of the document's table that the chart draws, row by row."""
    section = REPORT.read_text().split(f"\n## {picture.section}\n")[1].split("\n## ")[0]
    blocks = [
        list(block)
        for table, block in groupby(section.splitlines(), lambda x: x[:1] == "|")
        if table
    ]
    head, _, *rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in blocks[picture.table]
    ]
    wanted = [head.index(column) for column in picture.columns or head[1:]]
    if picture.by_column:
        return [row[column] for column in wanted for row in rows]
    return [row[column] for row in rows for column in wanted]


@EACH
def test_a_chart_has_the_numbers_of_its_table(picture: Picture) -> None:
    root = parsed(picture.file.read_text())
    shown = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "number"]
    assert shown == cells(picture)
    described = root.findtext(f"{SVG}desc") or ""
    assert [cell for cell in cells(picture) if cell not in described] == []


@EACH
def test_a_bar_is_as_long_as_its_number_says(picture: Picture) -> None:
    root = parsed(picture.file.read_text())
    widths = [
        float(bar.get("width", 0))
        for bar in root.iter(f"{SVG}rect")
        if "bar" in bar.get("class", "").split()
    ]
    values = [number(cell) for cell in cells(picture)]
    drawn = [(value, width) for value, width in zip(values, widths, strict=True)]
    per_scale = len(drawn) if picture.one_scale else len(_bars_of_a_group(picture))
    for start in range(0, len(drawn), per_scale):
        scale = drawn[start : start + per_scale]
        most = max(value for value, _ in scale)
        for value, width in scale:
            assert width == pytest.approx(max(1, 380 * value / most), abs=0.06)


def _bars_of_a_group(picture: Picture) -> list[str]:
    root = parsed(picture.file.read_text())
    kinds = [text.get("class") for text in root.iter(f"{SVG}text")]
    first, second = [n for n, kind in enumerate(kinds) if kind == "group"][:2]
    return [str(kind) for kind in kinds[first:second] if kind == "number"]


def test_the_files_are_those_that_the_tables_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, str] = {}
    monkeypatch.setattr(
        "pathlib.Path.write_text", lambda path, text: drawn.update({path.name: text})
    )
    sections = re.split(r"^(?=## )", REPORT.read_text(), flags=re.MULTILINE)[1:]
    draw_all({section.splitlines()[0]: section for section in sections})
    assert drawn == {path.name: path.read_text() for path in FOLDER.iterdir()}


@EACH
def test_the_document_shows_a_chart_below_its_table(picture: Picture) -> None:
    text = REPORT.read_text()
    assert text.count(picture.line) == 1
    assert re.search(rf"\|\n\n{re.escape(picture.line)}\n\n", text)


def test_pictures_are_put_into_a_section_once() -> None:
    section = "## Claims\n\nText.\n\n| step | 10 |\n|---|---|\n| lease | 1 |\n\nMore.\n"
    once = illustrated(section)
    assert once.count("![") == 1
    assert illustrated(once) == once
    assert re.sub(r"\n\n!\[.*", "", once) == section


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1 000 000", 1e6), ("96.2%", 96.2), ("3.4 s", 3.4), ("0.048 s", 0.048), ("12,702", 12702)],
)
def test_a_cell_is_read_as_its_first_number(cell: str, value: float) -> None:
    assert number(cell) == value


def test_a_cell_without_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="'none' has no number to draw"):
        draw(Chart("Title", [("group", [Bar("ours", "none")])], one_scale=True))


def test_xml_characters_in_a_table_are_shown_as_text() -> None:
    root = parsed(draw(Chart("a < b", [("<g>", [Bar("x & y", "0")])], one_scale=True)))
    assert [text.text for text in root.iter(f"{SVG}text")] == ["a < b", "<g>", "x & y", "0"]


def luminance(colour: str) -> float:
    red, green, blue = (linear(int(colour[n : n + 2], 16) / 255) for n in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_text_and_bars_stand_out_from_their_ground(dark: bool) -> None:
    style = parsed(PICTURES[0].file.read_text()).findtext(f"{SVG}style") or ""
    light, _, night = style.partition("@media (prefers-color-scheme: dark)")
    fills = dict(re.findall(r"([\w.]+) \{[^}]*?fill: (#\w{6})", night if dark else light))
    ground = fills.pop(".ground")
    assert contrast(fills.pop("text"), ground) > 7
    assert sorted(fills) == [".c0", ".c1", ".c2"]
    assert all(contrast(colour, ground) > 3 for colour in fills.values())
