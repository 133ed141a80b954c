"""Hostile files through the real form: each is rejected, and the next user's photo is ready."""

from collections.abc import Callable

import httpx
import pytest

from tests.support import uploads
from tests.support.api import Api
from tests.support.people import People
from tests.support.photos import ready, settled, uploaded
from tests.support.uploads import jpeg

HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "900 megapixels in 110 kB": (
        lambda: uploads.blank_png(30_000, 30_000),
        "too_many_pixels",
    ),
    "a JPEG of 880 scans": (uploads.scan_bomb, "processing_failed"),
    "a page with a script": (lambda: uploads.HTML, "unsupported_type"),
    "an SVG with a script": (lambda: uploads.SVG, "unsupported_type"),
    "a page that begins like a photo": (lambda: b"\xff\xd8\xff" + uploads.HTML, "unreadable"),
}


pytestmark = pytest.mark.usefixtures("unhurried_photos")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_rejected_and_harms_no_other(api: Api, people: People, name: str) -> None:
    make, reason = HOSTILE[name]

    eve = people.new()

    photo = settled(api, eve, uploaded(api, eve, make())["photo"]["id"])

    assert (photo["status"], photo["rejection"]) == ("rejected", reason)
    assert photo["url"] is photo["thumbnail_url"] is None
    assert ready(api, people.new())["status"] == "ready"


def test_a_page_behind_a_photo_is_not_published(api: Api, people: People) -> None:
    eve = people.new()
    made = uploaded(api, eve, jpeg() + uploads.HTML)

    photo = settled(api, eve, made["photo"]["id"])

    shown = httpx.get(photo["url"])
    assert shown.headers["content-type"] == "image/webp"
    assert b"<script" not in shown.content
