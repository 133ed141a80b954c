"""Use of a page by keyboard: where Tab leads, and whether the focus is visible."""

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from wingman.notifications.email.letters.brand import contrast

# Tab stops once at a group of radio buttons.
_INPUT = "input:not([type=hidden], :disabled, label ~ label > [type=radio])"
_CONTROLS = f"a[href], button, select, textarea, {_INPUT}"
_READ = """() => {
    const at = document.activeElement
    if (at === document.body || at.tabIndex < 0) return null
    const {outlineStyle, outlineWidth, outlineColor} = getComputedStyle(at)
    const {top, bottom, left, right} = at.getBoundingClientRect()
    let ground = at.parentElement
    while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)")
        ground = ground.parentElement
    const label = at.labels?.[0]?.querySelector("b") ?? at.labels?.[0] ?? at
    const words = [...label.childNodes].filter(node => !node.ariaHidden)
        .map(node => node.textContent.trim())
    const name = at.ariaLabel ?? words.find(Boolean) ?? at.querySelector("img").alt
    const middle = (from, to, end) => (Math.max(from, 0) + Math.min(to, end)) / 2
    const top_most = document.elementFromPoint(
        middle(left, right, innerWidth), middle(top, bottom, innerHeight))
    const own = [at, ...at.labels ?? []]
    return {
        name,
        index: [...document.querySelectorAll(CONTROLS)].indexOf(at),
        ring: outlineStyle === "none" ? 0 : parseFloat(outlineWidth),
        color: outlineColor,
        around: getComputedStyle(ground).backgroundColor,
        covered: !own.some(one => one.contains(top_most)) && !top_most?.contains(at),
        // A page scrolls by whole pixels.
        visible: top > -1 && bottom < innerHeight + 1 && left >= 0 && right <= innerWidth,
    }
}""".replace("CONTROLS", f'"{_CONTROLS}"')
_RESTING = f"""() => [...document.querySelectorAll("{_CONTROLS}")]
    .filter(one => one !== document.activeElement)
    .map(one => getComputedStyle(one).outlineStyle)"""


@dataclass(frozen=True)
class Stop:
    """A control with the focus; its outline is `ring` pixels wide and has this `contrast`.

    `covered`: another element is in front of the control.
    """

    name: str
    index: int
    ring: float
    contrast: float
    visible: bool
    covered: bool


def stops(page: Page) -> list[Stop]:
    """Press Tab from the top to the end of the page, and return the controls on the way."""
    found: list[Stop] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stop = here(page)
        if stop is None and found:
            return found
        # A time input has several parts, so Tab can stay within one control.
        if stop is not None and (not found or found[-1].index != stop.index):
            found.append(stop)
    raise AssertionError(f"Tab never leaves {found[-1:]}")


def here(page: Page) -> Stop | None:
    """Return the control that has the focus."""
    read: dict[str, Any] | None = page.evaluate(_READ)
    if read is None:
        return None
    seen = contrast(_hex(read.pop("color")), _hex(read.pop("around")))
    return Stop(**read, contrast=seen)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until this control has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if (stop := here(page)) and stop.name == name:
            return
    raise AssertionError(f"Tab does not lead to {name}")


def resting(page: Page) -> set[str]:
    """Return the outlines of all controls without the focus."""
    return set(page.evaluate(_RESTING))


def _hex(color: str) -> str:
    red, green, blue = (int(part) for part in re.findall(r"\d+", color)[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"
