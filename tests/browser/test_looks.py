"""The checks find the faults of a bad page."""

from playwright.sync_api import Page

from tests.browser.looks import barriers, structure

BAD = """<!doctype html><title>x</title><h1>Bad</h1>
<p style="color: #999; background: #fff">Pale</p>
<form><input name="nameless"><button></button></form>"""


def test_the_checks_find_a_bad_page(page: Page) -> None:
    page.set_content(BAD)

    rules = {line.split(":")[0] for line in barriers(page)}

    assert rules >= {"color-contrast", "label", "button-name", "html-has-lang"}
    assert len(structure(page)["unnamed"]) == 2
