"""The sandbox's inbox, as a developer uses it."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import WCAG, Look, barriers, in_every_look, overflow

PHONE_AND_DESK = [Look(320, 844, "light"), Look(1280, 844, "dark")]


@pytest.fixture
def addresses(stack: dict[str, str]) -> list[str]:
    """Send an email to each of two people; the inbox may have other emails too."""
    mark = uuid4().hex[:8]
    people = [f"{name}-{mark}@example.com" for name in ("maya", "leo")]
    for address in people:
        httpx.post(
            f"{stack['RESEND_API_URL']}/emails",
            headers={"Authorization": f"Bearer {stack['RESEND_API_KEY']}"},
            json={
                "from": "Wingman <hello@wingman.example>",
                "to": [address],
                "subject": f"To {address}",
                "html": "<p>Hi</p>",
                "text": "Hi",
            },
        ).raise_for_status()
    return people


@pytest.fixture
def page(browser: Browser, stack: dict[str, str], addresses: list[str]) -> Iterator[Page]:
    page = browser.new_page(locale="en-GB", timezone_id="Europe/Berlin")
    page.goto(stack["INBOX_URL"])
    expect(page.get_by_role("link", name=addresses[1])).to_be_visible()
    yield page
    page.close()


def test_a_filter_leaves_the_emails_of_one_recipient(page: Page, addresses: list[str]) -> None:
    page.get_by_label("To", exact=True).fill(addresses[0].upper())

    expect(page.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("1 email")
    page.reload()
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.get_by_label("To", exact=True).fill("no-such-person")
    expect(page.get_by_text("No email to this recipient.")).to_be_visible()


def test_an_email_shows_its_date(page: Page, addresses: list[str]) -> None:
    shown = page.get_by_role("link", name=addresses[0]).locator("time")

    accepted = shown.get_attribute("datetime")
    expected = page.evaluate(
        "it => `${new Date(it).getDate()} ` +"
        " new Date(it).toLocaleString('en-GB', {month: 'short'})",
        accepted,
    )
    expect(shown).to_contain_text(expected)


def test_keys_work_without_a_click(page: Page, addresses: list[str]) -> None:
    page.get_by_label("To", exact=True).fill(addresses[0].split("-")[1])
    page.reload()
    expect(page.get_by_role("listitem")).to_have_count(2)

    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name=addresses[1])).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name=f"To {addresses[0]}")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("link", name=addresses[1])).to_be_focused()


def test_the_inbox_is_readable_for_every_reader(page: Page) -> None:
    for look in in_every_look(page, PHONE_AND_DESK):
        assert barriers(page, WCAG) == [], look
        assert overflow(page) == 0, look
