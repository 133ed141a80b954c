"""The pages in the colours of every brand."""

from uuid import UUID

import pytest
from playwright.sync_api import Page

from local.emails.samples import BRANDS
from tests.browser.looks import DESKTOP, PHONE, Look, barriers, in_every_look
from wingman.notifications.email.errors import InvalidToken
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.models import Category
from wingman.notifications.email.readers import pages

LIGHT_AND_DARK = [Look(*PHONE, "light"), Look(*DESKTOP, "dark")]
CHOSEN = [Category.SESSION_REMINDERS]
FORM = pages.Form(CHOSEN, CHOSEN, False, "Europe/Berlin", True, "22:00", "08:00")
WRITTEN = {
    "ask": lambda of: of.confirmation_page(Category.MARKETING_EMAILS, "?token=x"),
    "done": lambda of: of.unsubscribed_page(Category.MARKETING_EMAILS, "?token=x"),
    "saved": lambda of: of.preferences_page(FORM, saved=True),
    "refused": lambda of: of.preferences_page(FORM, problem="timezone is not known"),
    "error_page": lambda of: of.error_page(InvalidToken(), str(UUID(int=0))),
}


@pytest.mark.parametrize("brand", BRANDS)
@pytest.mark.parametrize("name", WRITTEN)
def test_a_page_is_readable_in_every_brand(page: Page, brand: str, name: str) -> None:
    written = WRITTEN[name](pages.Pages(Brand.model_validate(BRANDS[brand])))
    page.set_content(written.html)

    for look in in_every_look(page, LIGHT_AND_DARK):
        assert barriers(page) == [], look
