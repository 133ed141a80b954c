"""Every reader can use the pages behind the links in emails."""

import pytest
from playwright.sync_api import Browser

from tests.browser import keyboard
from tests.browser.conftest import Shown
from tests.browser.looks import barriers, clipped, in_every_look, overflow, spread_text, structure
from tests.browser.reader import STATES, Reader

CHOICES = [
    *("Invitations and plans", "Reminders", "Feedback requests"),
    *("Timezone", "Once a day", "Quiet hours", "From", "Until", "Save", "Help"),
]
FEEDBACK = ["Great", "In your words", "Send", "Help"]
REACHED = {
    "asked whether to unsubscribe": ["Unsubscribe", "Choose what you get"],
    "unsubscribed": ["Choose what you get"],
    "choosing": CHOICES,
    "saved": CHOICES,
    "refused": CHOICES,
    "asked for feedback": FEEDBACK,
    "feedback refused": FEEDBACK,
    "feedback given": ["Help"],
    "asked to confirm an address": ["Confirm", "Help"],
    "address confirmed": ["Open Wingman", "Help"],
    "asked for a new password": ["New password", "Change the password", "Help"],
    "a link that is not valid": ["Help"],
}


def test_a_page_has_no_accessibility_violations(shown: Shown) -> None:
    found = {str(look): barriers(shown.page) for look in in_every_look(shown.page)}

    assert not any(found.values()), found


def test_a_page_has_a_title_and_one_heading(shown: Shown) -> None:
    read = structure(shown.page)

    assert read["language"] == "en"
    assert read["landmarks"] == 1
    [heading] = read["headings"]
    assert read["title"] == f"{heading} · Wingman"
    assert read["unnamed"] == []


# 320 pixels are 1280 at 400 %, 640 at 200 % (WCAG 1.4.10 and 1.4.4).
@pytest.mark.parametrize("width", [320, 640])
def test_a_page_flows_into_a_narrow_window(shown: Shown, width: int) -> None:
    shown.page.set_viewport_size({"width": width, "height": 400})

    assert overflow(shown.page) == 0
    with spread_text(shown.page):
        assert overflow(shown.page) == 0
        assert clipped(shown.page) == []


def test_tab_reaches_every_control_in_the_order_of_reading(shown: Shown) -> None:
    for look in in_every_look(shown.page):
        reached = keyboard.stops(shown.page)

        assert [stop.name for stop in reached] == REACHED[shown.state], look
        assert [stop.index for stop in reached] == list(range(len(reached))), look
        assert all(stop.visible for stop in reached), reached
        assert all(stop.ring >= 2 and stop.contrast >= 3 for stop in reached), reached
        assert keyboard.resting(shown.page) == {"none"}, look


@pytest.mark.parametrize("state", ["unsubscribed", "saved", "refused"])
def test_a_page_works_without_scripts(browser: Browser, reader: Reader, state: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        STATES[state](context.new_page(), reader)

    assert (reader.stored("stored.timezone") is None) == (state == "refused")
