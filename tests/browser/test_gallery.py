"""The page of pictures that `make emails` makes, with few pictures."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from local.emails.gallery import Gallery
from local.emails.samples import BRANDS, CASES
from tests.browser import keyboard
from tests.browser.looks import barriers, clipped, in_every_look, overflow, structure

NAMES = ["match_invitation"]


@pytest.fixture(scope="module")
def gallery(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    made = Gallery(tmp_path_factory.mktemp("emails"), BRANDS, {name: CASES[name] for name in NAMES})
    made.write(browser)
    return made


@pytest.fixture(scope="module")
def shelf(browser: Browser, gallery: Gallery) -> Iterator[Page]:
    """Open the gallery."""
    with browser.new_page() as page:
        page.goto(gallery.page.as_uri())
        yield page


def test_the_gallery_has_no_accessibility_violations(shelf: Page) -> None:
    found = {str(look): barriers(shelf) for look in in_every_look(shelf)}

    assert not any(found.values()), found
    assert structure(shelf)["unnamed"] == []


@pytest.mark.parametrize("width", [320, 390, 640, 1280])
def test_the_gallery_fits_its_window(shelf: Page, width: int) -> None:
    shelf.set_viewport_size({"width": width, "height": 800})

    assert overflow(shelf) == 0
    assert [one for one in clipped(shelf) if "unseen" not in one] == []


def test_every_email_is_shown_in_every_look_with_both_parts(shelf: Page, gallery: Gallery) -> None:
    files = [path for path in gallery.folder.rglob("*.*") if path != gallery.page]
    shown = shelf.eval_on_selector_all("article a", "links => links.map(link => link.href)")
    shelf.eval_on_selector_all(
        "img", "all => Promise.all(all.map(one => (one.loading = 'eager', one.decode())))"
    )
    sizes = shelf.eval_on_selector_all(
        "img",
        "all => all.map(one => `${one.naturalWidth} × ${one.naturalHeight}`"
        " === `${one.getAttribute('width')} × ${one.getAttribute('height')}`)",
    )

    assert sorted(shown) == sorted(path.as_uri() for path in files)
    assert sizes == [True] * len(NAMES) * len(BRANDS) * 4
    pictures = {path.read_bytes() for path in files if path.suffix == ".png"}
    assert len(pictures) == len(sizes)


def test_the_gallery_works_by_keyboard(shelf: Page) -> None:
    shelf.set_viewport_size({"width": 1280, "height": 800})
    shelf.emulate_media(color_scheme="light")
    visible = "all => all.filter(one => one.checkVisibility()).map(one => one.alt)"
    every = shelf.eval_on_selector_all("img", visible)

    reached = keyboard.stops(shelf)
    assert len(reached) == 2 + 2 + len(NAMES) * len(BRANDS) * 6
    assert all(stop.ring >= 2 and stop.contrast >= 3 for stop in reached)
    assert [stop.index for stop in reached] == sorted(stop.index for stop in reached)
    keyboard.tab_to(shelf, "Both")
    shelf.keyboard.press("ArrowRight")
    phones = shelf.eval_on_selector_all("img", visible)
    keyboard.tab_to(shelf, "Both")
    shelf.keyboard.press("ArrowLeft")

    assert phones == [alt for alt in every if "phone" in alt]
    assert shelf.eval_on_selector_all("img", visible) == [alt for alt in phones if "dark" in alt]


def test_every_part_of_an_email_can_be_opened(shelf: Page, gallery: Gallery) -> None:
    shelf.get_by_role("link", name="Plain text of match_invitation, PupMatch").click()
    shelf.wait_for_url("**/*.txt")

    text = (gallery.folder / "pupmatch" / "match_invitation.txt").read_text("utf-8")
    assert "Leo" in text
    assert shelf.evaluate("document.body.innerText").split() == text.split()
    shelf.go_back()
