"""The machine's own Chromium, headless: for pictures of emails and for tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from local.errors import StackError
from local.prerequisites import chromium


@contextmanager
def browser() -> Iterator[Browser]:
    """Run Chromium until the block ends. Raises StackError if there is none."""
    program = chromium()
    if program is None:
        raise StackError("there is no Chromium: install it, or set CHROMIUM to a Chrome's path")
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=program)
        try:
            yield chrome
        finally:
            chrome.close()
