"""The emails themselves, as a browser shows their HTML."""

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
