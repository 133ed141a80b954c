"""Window sizes and colour schemes, and checks of a page that must pass in all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from playwright.sync_api import Page

from tests.support.template import ROOT

# WCAG 2.0 to 2.2, A and AA. The best practices of axe expect landmarks; emails have none.
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_ALL = [*WCAG, "best-practice"]
_CHECK = """async ([rules, isStrict]) => {
    const found = await axe.run(document, {runOnly: rules})
    const unsure = found.incomplete.filter(rule => isStrict && rule.id === "color-contrast")
    return [...found.violations, ...unsure].flatMap(rule => rule.nodes.map(node =>
        `${rule.id}: ${node.target}: ${node.failureSummary ?? rule.help}`))
}"""


@dataclass(frozen=True)
class Look:
    """A window and the reader's choice of light or dark."""

    width: int
    height: int
    scheme: Literal["light", "dark"]

    def __str__(self) -> str:
        return f"{self.width} × {self.height}, {self.scheme}"


PHONE, DESKTOP = (390, 844), (1280, 800)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOOKS = [Look(*size, scheme) for size in (PHONE, DESKTOP) for scheme in SCHEMES]


def in_every_look(page: Page, looks: list[Look] = LOOKS) -> Iterator[Look]:
    """Show the open page in one look after the other."""
    for look in looks:
        page.set_viewport_size({"width": look.width, "height": look.height})
        page.emulate_media(color_scheme=look.scheme)
        yield look


def barriers(page: Page, rules: list[str] = _ALL, *, strict: bool = True) -> list[str]:
    """List the violations that axe finds and, if strict, the contrasts that it cannot determine."""
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(_axe())
    found: list[str] = page.evaluate(_CHECK, [rules, strict])
    return found


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return max(0, wider)


@contextmanager
def spread_text(page: Page) -> Iterator[None]:
    """Space text out as far as a reader may (WCAG 1.4.12)."""
    page.evaluate(
        """() => {
            const sheet = new CSSStyleSheet()
            sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
                word-spacing: 0.16em !important } p { margin-bottom: 2em !important }`)
            document.adoptedStyleSheets = [sheet]
        }"""
    )
    yield
    page.evaluate("() => { document.adoptedStyleSheets = [] }")


def clipped(page: Page) -> list[str]:
    """List the elements whose content is wider than their box."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("main *:not(option, optgroup)")]
            .filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth)
            .map(one => one.outerHTML.slice(0, 80))"""
    )
    return found


def structure(page: Page) -> dict[str, Any]:
    """Read the structure that every page needs for a screen reader."""
    read: dict[str, Any] = page.evaluate(
        """() => ({
            language: document.documentElement.lang,
            headings: [...document.querySelectorAll("h1")].map(heading => heading.textContent),
            landmarks: document.querySelectorAll("main").length,
            unnamed: [...document.querySelectorAll("input:not([type=hidden]), select, button, a")]
                .filter(control => !(control.labels?.[0] ?? control).textContent.trim()
                    && !control.querySelector("img[alt]:not([alt=''])"))
                .map(control => control.outerHTML),
        })"""
    )
    return read | {"title": page.title()}


@cache
def _axe() -> str:
    return (ROOT / "local" / "node_modules" / "axe-core" / "axe.min.js").read_text()
