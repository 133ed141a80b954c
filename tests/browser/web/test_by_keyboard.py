"""The story of likes by keyboard: the focus is always visible and never lost."""

from dataclasses import dataclass

import pytest

from tests.browser import keyboard
from tests.browser.looks import PHONE
from tests.browser.web.app import Window
from tests.browser.web.conftest import Open, Sizes, somewhere
from tests.browser.web.furnished import World, world
from tests.support.api import Api
from tests.support.people import People

MOST_STOPS = 60
RING_PX, CONTRAST = 2, 3  # WCAG 2.4.13 and 1.4.11


@dataclass(frozen=True)
class Keys:
    """A window used by keyboard; asserts that each focused control is outlined and in sight."""

    window: Window

    def press(self, *keys: str) -> None:
        for key in keys:
            self.window.page.keyboard.press(key)
        assert self.is_somewhere(), keys

    def is_somewhere(self) -> bool:
        return bool(self.window.page.evaluate("document.activeElement !== document.body"))

    def to(self, name: str, step: str = "Tab") -> None:
        """Press `step` until a control has the focus."""
        passed: list[str] = []
        for _ in range(MOST_STOPS):
            self.window.page.keyboard.press(step)
            stop = keyboard.here(self.window.page)
            if stop is None:  # past the end of the page, or a heading
                continue
            passed.append(stop.name)
            assert stop.ring >= RING_PX, stop
            assert stop.contrast >= CONTRAST, stop
            assert stop.visible, stop
            assert not stop.covered, stop
            if stop.name == name:
                return
        raise AssertionError(f"{step} does not lead to {name}, but to {passed}")

    def open(self, name: str, heading: str, step: str = "Tab") -> None:
        """Use a control that leads to another screen, whose heading gets the focus."""
        self.to(name, step)
        self.press("Enter")
        self.at(heading)

    def at(self, heading: str) -> None:
        self.window.at(heading)
        assert self.focused() == heading

    def type(self, name: str, text: str) -> None:
        self.to(name)
        self.window.page.keyboard.type(text)

    def focused(self) -> str:
        text: str = self.window.page.evaluate("document.activeElement.textContent")
        return text

    def is_on_a_card(self) -> bool:
        return bool(self.window.page.evaluate("document.activeElement.matches('.deck .card, h2')"))


@pytest.fixture
def sizes() -> Sizes:
    return [PHONE]


@pytest.fixture(scope="module")
def maya(api: Api, people: People) -> World:
    return world(api, people, somewhere())


def test_the_story_of_likes_needs_no_pointer(
    window: Open, api: Api, people: People, place: dict[str, float]
) -> None:
    maya = world(api, people, place)
    maya.set_password(people, "correct horse battery")
    opened = window()
    keys = Keys(opened)
    opened.at("Log in")

    keys.type("Email", maya.maya.email)
    keys.type("Password", "correct horse battery")
    keys.press("Enter")
    keys.at("Discover")
    keys.to("Block or report")
    keys.press("Enter")
    keys.to("Report")
    keys.press("Escape")
    assert keys.focused() == "Block or report"
    keys.to("Like Ada & Bella")
    keys.press("Enter")
    opened.sees("It's a match!")
    assert keys.focused() == "Say hello"
    keys.press("Enter")
    keys.at("Ada & Bella")
    keys.type("Message", "Hello Ada!")
    keys.press("Enter")
    opened.page.get_by_role("log").locator("li[data-seq]").wait_for()
    keys.open("Plan a meeting", "Meet Ada & Bella", "Shift+Tab")
    keys.type("Where", "Augarten")
    keys.to("Your challenge")
    keys.press("ArrowDown")
    keys.open("Plan it", "Meeting with Ada & Bella")
    keys.open("News", "Notifications", "Shift+Tab")
    keys.open("Settings", "Settings", "Shift+Tab")
    keys.to("Messages")
    keys.press("Space")
    keys.to("Save")
    keys.press("Enter")
    opened.sees("Saved.")

    assert opened.page.get_by_label("Messages", exact=True).is_checked() is False
    stored = people.connection.execute(
        "select venue_name, user1_challenge_id is null and user2_challenge_id is null"
        " from public.wingman_sessions where venue_name = 'Augarten' order by created_at desc"
    ).fetchone()
    assert stored == ("Augarten", False)


def test_a_card_that_goes_hands_the_focus_on(window: Open, maya: World) -> None:
    opened = window()
    keys = Keys(opened)
    opened.hand_over(maya.maya)
    opened.at("Discover")

    keys.to("Pass on Ada & Bella")
    keys.press("Enter")
    opened.sees("You passed on Ada & Bella.")
    assert keys.is_on_a_card()
    keys.to("Undo: you passed on Ada & Bella")
    keys.press("Enter")
    opened.sees("Ada & Bella is back.")
    assert keys.is_on_a_card()
    keys.to("Block or report")
    keys.press("Enter")
    keys.to("Block")
    keys.press("Enter", "Enter")
    opened.sees("Ada & Bella is blocked.")

    opened.page.get_by_role("dialog").wait_for(state="detached")
    assert keys.is_somewhere()


def test_a_dialog_gives_the_focus_to_the_screen_when_its_button_has_gone(
    window: Open, maya: World, api: Api
) -> None:
    opened = window()
    keys = Keys(opened)
    opened.hand_over(maya.maya)
    opened.page.locator("body[data-connection=open]").wait_for()
    maya.show(opened, "matches/{match}")
    keys.to("Block or report")
    keys.press("Enter")
    ended = api.call("POST", f"/api/matches/{maya.match_id}/unmatch", maya.maya)
    assert ended.is_success, ended.text
    opened.page.get_by_text("Write", exact=True).wait_for(state="detached")

    keys.press("Escape")

    assert keys.is_somewhere()
