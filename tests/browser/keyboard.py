"""The keyboard alone: where Tab leads, and whether one sees where one is."""

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
    const words = [...label.childNodes].map(node => node.textContent.trim())
    const name = words.find(Boolean) ?? at.querySelector("img").alt
    return {
        name,
        index: [...document.querySelectorAll(CONTROLS)].indexOf(at),
        ring: outlineStyle === "none" ? 0 : parseFloat(outlineWidth),
        color: outlineColor,
        around: getComputedStyle(ground).backgroundColor,
        // A page scrolls by whole pixels.
        visible: top > -1 && bottom < innerHeight + 1 && left >= 0 && right <= innerWidth,
    }
}""".replace("CONTROLS", f'"{_CONTROLS}"')
_RESTING = f"""() => [...document.querySelectorAll("{_CONTROLS}")]
    .filter(one => one !== document.activeElement)
    .map(one => getComputedStyle(one).outlineStyle)"""


@dataclass(frozen=True)
class Stop:
    """A control with the focus; `ring` marks it, in pixels, and stands out by `contrast`."""

    name: str
    index: int
    ring: float
    contrast: float
    visible: bool


def stops(page: Page) -> list[Stop]:
    """Press Tab from the top until the page ends, and return where that led."""
    found: list[Stop] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stop = here(page)
        if stop is None and found:
            return found
        # A time has several parts: Tab stays within the control.
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
