"""The people in the pictures: four users with drawings of their dogs."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from playwright.sync_api import Browser

from local.demo.opening import introduce, register
from local.demo.walk import Person, Walk

_DRAWING = Template((Path(__file__).parent / "dog.svg").read_text())
_KILOMETER = 1 / 111.2  # degrees of latitude
_GREEN, _BLUE, _ROSE = ("#cdebcb", "#8fcab0"), ("#cfe6f7", "#8fb9d8"), ("#fbdfd3", "#eeb59c")
# Name → dog, age, kilometres from Maya, the dog's colours, the profile's text.
_CAST: Mapping[str, tuple[str, int, float, tuple[str, str, str], str]] = {
    "Maya": ("Bruno", 4, 0, ("#8a5a3b", "#5f3b26", "#5b3fd6"), "Bruno digs. I fill the holes."),
    "Leo": ("Luna", 4, 2.4, ("#e3b577", "#b9814a", "#d6404f"), "Luna finds every puddle."),
    "Ada": ("Bella", 3, 1.2, ("#5b5d6b", "#3c3d49", "#2aa58c"), "Sofa first, then the park."),
    "Ben": ("Otto", 7, 4.1, ("#f3ead9", "#cbb492", "#3c7bd6"), "Otto walks slowly. So do I."),
}


def gather(walk: Walk, browser: Browser) -> Mapping[str, Person]:
    """Sign them all up, far from all other users and equally far apart in each run."""
    longitude = secrets.randbelow(35_900) / 100 - 179
    return {name: _come(walk, browser, name, longitude) for name in _CAST}


def _come(walk: Walk, browser: Browser, name: str, longitude: float) -> Person:
    dog, age, kilometers, (fur, ear, collar), bio = _CAST[name]
    profile: dict[str, Any] = {
        "display_name": f"{name} & {dog}",
        "age": age,
        "bio": bio,
        "activity_level": "low" if name == "Ben" else "high",
        "prompts": [{"question": "A perfect Sunday?", "answer": "Along the river, with friends."}],
    }
    place = {"latitude": -52 + kilometers * _KILOMETER, "longitude": longitude}
    colours = {"fur": fur, "ear": ear, "collar": collar}
    first = (_GREEN, _BLUE, _ROSE)[age % 3]
    photos = [
        _draw(browser, sky=sky, hill=hill, sun=str(sun), **colours)
        for (sky, hill), sun in ((first, 320), (_ROSE if first != _ROSE else _BLUE, 80))
    ]
    person = register(walk, name)
    introduce(walk, person, profile, place, photos)
    return person


def _draw(browser: Browser, **colours: str) -> bytes:
    with browser.new_page(viewport={"width": 720, "height": 720}) as page:
        page.set_content(f"<body style='margin:0'>{_DRAWING.substitute(colours)}")
        return page.screenshot()
