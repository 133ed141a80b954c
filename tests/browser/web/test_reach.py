"""No screen has violations of axe or overflows, on a phone and a desktop, light and dark."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from tests.browser.looks import LOOKS, PHONE, Look, barriers, in_every_look, overflow, structure
from tests.browser.web.app import Window
from tests.browser.web.furnished import OPEN, SIGNED_IN, World, world
from tests.support.api import Api
from tests.support.people import People

# So tall that the bars at the bottom cover nothing; in a lower window, a user scrolls.
_TALL = [Look(look.width, 2400, look.scheme) for look in LOOKS]
# The frame is the same on every screen: these are checked in all four looks, others in two.
_IN_ALL_LOOKS = {"login", "discover"}


@dataclass(frozen=True)
class Reader:
    """A window in which every screen can be opened, and the browser's console output."""

    window: Window
    world: World
    console: list[str]


@pytest.fixture(scope="module")
def reader(browser: Browser, api: Api, people: People, stack: dict[str, str]) -> Iterator[Reader]:
    window = Window(browser, stack["APP_URL"], PHONE)
    # During a transition, axe would measure the wrong colours.
    window.page.emulate_media(reduced_motion="reduce")
    console: list[str] = []
    window.page.on("console", lambda message: console.append(message.text))
    yield Reader(window, world(api, people, {"latitude": -61.5, "longitude": 12.25}), console)
    assert not window.faults
    window.close()


def assert_reachable(reader: Reader, screen: str) -> None:
    page = reader.window.page
    checked = _TALL if screen in _IN_ALL_LOOKS else [_TALL[0], _TALL[-1]]
    for look in in_every_look(page, _TALL):
        assert overflow(page) == 0, look
        assert look not in checked or barriers(page, strict=False) == [], look
    found = structure(page)
    assert len(found["headings"]) == found["landmarks"] == 1
    assert found["language"] == "en"
    assert [line for line in reader.console if "Content Security Policy" in line] == []


@pytest.mark.parametrize("screen", OPEN)
def test_a_screen_for_visitors_is_reachable(reader: Reader, screen: str) -> None:
    reader.window.page.evaluate("sessionStorage.clear()")
    reader.world.show(reader.window, screen)

    assert_reachable(reader, screen)


@pytest.mark.parametrize("screen", SIGNED_IN)
def test_a_screen_for_users_is_reachable(reader: Reader, screen: str) -> None:
    reader.window.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    if not reader.window.page.evaluate("sessionStorage.length"):
        reader.window.hand_over(reader.world.maya)
    reader.world.show(reader.window, screen)

    assert_reachable(reader, screen)
