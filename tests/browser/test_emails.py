"""The HTML of the emails in a browser."""

import re

import pytest
from playwright.sync_api import Browser, Page

from local.emails.gallery import Email, written
from local.emails.samples import BRANDS, CASES
from tests.browser.looks import WCAG, Look, barriers, in_every_look, overflow

EMAILS = list(written(BRANDS, CASES))
NARROW_AND_WIDE = [Look(320, 844, "light"), Look(1280, 844, "dark")]


@pytest.fixture(scope="module")
def sheet(browser: Browser) -> Page:
    return browser.new_page()


@pytest.mark.parametrize("email", EMAILS, ids=lambda email: f"{email.brand}-{email.name}")
def test_an_email_is_readable_for_every_reader(sheet: Page, email: Email) -> None:
    sheet.set_content(email.rendered.html)

    for look in in_every_look(sheet, NARROW_AND_WIDE):
        assert barriers(sheet, WCAG) == [], look
        assert overflow(sheet) == 0, look


def test_a_preheader_takes_no_room_in_gmail_on_the_mobile_web(sheet: Page) -> None:
    """Gmail ignores `<style>`, `display: none` and `opacity` there (caniemail.com)."""
    html = re.sub(r"<style.*?</style>", "", EMAILS[0].rendered.html, flags=re.DOTALL)
    sheet.set_content(re.sub(r"(display: none|opacity: 0|visibility: hidden);?", "", html))

    box = sheet.locator(".preheader").bounding_box()
    assert box is not None
    assert box["height"] == 0
    assert sheet.locator(".preheader").evaluate("it => getComputedStyle(it).overflow") == "hidden"


def test_a_column_is_as_wide_as_a_book_page(sheet: Page) -> None:
    for width, expected in ((1280, 560), (320, 296)):
        sheet.set_viewport_size({"width": width, "height": 844})
        sheet.set_content(EMAILS[0].rendered.html)
        box = sheet.locator(".column").bounding_box()
        assert box is not None
        assert box["width"] == expected
