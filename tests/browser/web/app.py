"""The web client in one person's window."""

import re
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Browser, BrowserContext, FilePayload, Locator, Page

from local.demo.pictures import picture
from tests.support.inbox import Inbox
from tests.support.people import Person

PASSWORD = "correct horse battery"
PATIENCE_MS = 40_000  # the first call of each function starts it
_LINK = re.compile(r"http\S+/auth/confirm\S+")
_FILES: list[FilePayload] = [
    {"name": f"{number}.png", "mimeType": "image/png", "buffer": picture(number)}
    for number in range(2)
]


class Window:
    """One window: a browser context of its own, at the start page of the app."""

    def __init__(self, browser: Browser, url: str, size: tuple[int, int]) -> None:
        viewport: Any = {"width": size[0], "height": size[1]}
        self.url = url
        self.context: BrowserContext = browser.new_context(viewport=viewport, locale="en-GB")
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.requests: list[str] = []
        self.faults: list[str] = []
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(url)

    # --- looking ------------------------------------------------------------------------------

    def sees(self, text: str) -> Locator:
        """Wait until this text is visible."""
        found = self.page.get_by_text(text).filter(visible=True).first
        found.wait_for()
        return found

    def at(self, heading: str) -> None:
        """Wait for the screen with this heading."""
        self.page.get_by_role("heading", name=heading, level=1).wait_for()

    def messages(self) -> list[str]:
        """Return the texts of the open conversation, from top to bottom."""
        return self.page.get_by_role("log").locator("li > p").all_inner_texts()

    # --- doing --------------------------------------------------------------------------------

    def go(self, link: str) -> None:
        """Follow a link of the main navigation."""
        self.page.get_by_role("navigation").get_by_role("link", name=link).click()

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button).click()

    def follow(self, link: str) -> None:
        self.page.get_by_role("main").get_by_role("link", name=link).click()

    def fill(self, fields: Mapping[str, str]) -> None:
        for label, value in fields.items():
            self.page.get_by_label(label, exact=True).fill(value)

    def write(self, text: str) -> None:
        self.fill({"Message": text})
        self.press("Send")

    # --- stories ------------------------------------------------------------------------------

    def sign_up(self, name: str, email: str, inbox: Inbox) -> None:
        """Open an account, and follow the confirmation link in the email."""
        self.page.get_by_role("link", name="Sign up").click()
        self.fill({"First name": name, "Email": email, "Password": PASSWORD})
        self.press("Sign up")
        self.at("Look into your inbox")
        link = _LINK.search(_first_email(self.page, inbox, email))
        assert link
        self.page.goto(link[0])
        self.press("Confirm")
        self.page.get_by_role("link", name="Open Wingman").click()
        self.at("Your profile")

    def introduce(self, name: str, place: Mapping[str, float]) -> None:
        """Fill in the profile so that others can see it."""
        self.fill({"Name": name, "Your dog's age in years": "4", "About you both": "Muddy paws."})
        self.press("Save profile")
        self.sees("Your profile is saved.")
        self.fill({"Latitude": str(place["latitude"]), "Longitude": str(place["longitude"])})
        self.press("Save location")
        self.sees("Your location is saved.")
        self.page.get_by_label("Add photos").set_input_files(_FILES)
        self.sees("Others can see you.")

    def hand_over(self, person: Person) -> None:
        """Sign a person in with the URL fragment that the page behind an email's link passes on."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}/#access_token={person.token}&refresh_token=none")
        self.page.locator("body.signed-in").wait_for()

    def close(self) -> None:
        self.context.close()


def _first_email(page: Page, inbox: Inbox, email: str) -> str:
    for _ in range(PATIENCE_MS // 200):
        if found := inbox.to(email):
            return str(found[-1]["text"])
        page.wait_for_timeout(200)
    raise AssertionError(f"no email came to {email}")
