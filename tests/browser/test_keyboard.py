"""A reader can change preferences by keyboard, and the focus moves to the result."""

from playwright.sync_api import Page

from tests.browser import keyboard
from tests.browser.reader import Reader, ask, choose


def test_a_choice_by_keyboard_is_saved_and_shown(page: Page, reader: Reader) -> None:
    choose(page, reader)

    keyboard.tab_to(page, "Reminders")
    page.keyboard.press("Space")
    keyboard.tab_to(page, "Timezone")
    page.keyboard.type("Asia/Tok")
    keyboard.tab_to(page, "Once a day")
    page.keyboard.press("Space")
    keyboard.tab_to(page, "From")
    page.keyboard.press("ArrowUp")
    keyboard.tab_to(page, "Save")
    page.keyboard.press("Enter")

    note = page.get_by_role("status")
    note.wait_for()
    assert note.evaluate("note => note === document.activeElement")
    assert reader.stored(
        "match_notifications, session_reminders, feedback_requests, marketing_emails, timezone,"
        " email_frequency, quiet_hours_start::text, quiet_hours_end::text"
    ) == (True, False, True, False, "Asia/Tokyo", "daily", "23:00:00", "08:00:00")
    assert page.get_by_label("Once a day").is_checked()
    assert not page.get_by_label("Reminders A day").is_checked()
    assert page.get_by_label("News and weekly digests").is_disabled()
    assert page.get_by_label("Timezone").input_value() == "Asia/Tokyo"
    assert page.get_by_label("From").input_value() == "23:00"


def test_an_invalid_choice_is_reported_next_to_the_focus(page: Page, reader: Reader) -> None:
    choose(page, reader)
    keyboard.tab_to(page, "Reminders")
    page.keyboard.press("Space")
    page.get_by_label("From").fill("08:30")
    keyboard.tab_to(page, "Save")

    page.keyboard.press("Enter")

    problem = page.get_by_role("alert")
    problem.wait_for()
    assert "leave an hour" in problem.inner_text()
    assert problem.evaluate("note => note === document.activeElement")
    assert not page.get_by_label("Reminders A day").is_checked()
    assert page.get_by_label("From").input_value() == "08:30"
    assert reader.stored("stored.timezone") is None


def test_enter_unsubscribes(page: Page, reader: Reader) -> None:
    ask(page, reader)
    keyboard.tab_to(page, "Unsubscribe")

    page.keyboard.press("Enter")

    page.get_by_role("heading", name="You are unsubscribed").wait_for()
    assert reader.stored("feedback_requests, session_reminders") == (False, True)
