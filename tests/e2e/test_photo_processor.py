"""Others load an uploaded photo upright, in its colours, and without the camera's metadata."""

from collections.abc import Callable

import httpx
import pytest

from tests.support.api import Api
from tests.support.chart import COLOURS, chart, delta_e, opened, patches
from tests.support.people import People
from tests.support.photos import settled, uploaded
from tests.support.uploads import SECRET, jpeg, png, webp

pytestmark = pytest.mark.usefixtures("unhurried_photos")

FILES: dict[str, Callable[[], bytes]] = {
    "image/jpeg": lambda: jpeg(chart(1500, 1000), orientation=6),
    "image/png": png,
    "image/webp": lambda: webp(quality=95),
}


@pytest.mark.parametrize("content_type", FILES)
def test_an_upload_is_shown_upright_and_without_its_metadata(
    api: Api, people: People, content_type: str
) -> None:
    maya, file = people.new(), FILES[content_type]()
    assert SECRET.encode() in file

    made = uploaded(api, maya, file, content_type)
    photo = settled(api, maya, made["photo"]["id"])

    assert (photo["status"], photo["rejection"], photo["position"]) == ("ready", None, 0)
    assert len(photo["placeholder"]) <= 40
    for name, side in (("url", 1080), ("thumbnail_url", 320)):
        shown = httpx.get(photo[name])
        assert shown.status_code == 200
        assert shown.headers["content-type"] == "image/webp"
        assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
        image = opened(shown.content)
        assert max(image.size) <= side
        if name == "url":
            assert image.size == (photo["width"], photo["height"])
        off = [delta_e(*pair) for pair in zip(patches(image), COLOURS, strict=True)]
        assert max(off) <= 3
        assert SECRET.encode() not in shown.content
